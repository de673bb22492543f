import { randomBytes } from "node:crypto";
import { lookup } from "node:dns";
import type { ConnectorConfig } from "./config.ts";
import { Connector } from "./connector.ts";
import { relayDialler } from "./dial-relay.ts";
import type { Resolve } from "./dial.ts";
import type { Logger } from "./log.ts";
import { nodeClock } from "./node-clock.ts";
import type { RelayDeps } from "./relay-stream.ts";
import { checkRunner } from "./run-check.ts";
import { serveStream } from "./serve-stream.ts";
import { Upstream } from "./upstream.ts";

export interface NodeConnector {
  connector: Connector;
  /** Requests from now on are served by these settings; those under way keep theirs. */
  apply: (config: ConnectorConfig) => void;
}

/** A connector on Node's sockets and clock. It dials at once. */
export function startConnector(
  config: ConnectorConfig,
  log: Logger,
  softwareVersion: string,
  resolve: Resolve = lookup,
): NodeConnector {
  let current = config;
  let serving = servingBy(config, resolve);
  const connector = new Connector({
    connections: config.connections,
    maxStreams: config.maxStreams,
    dialRelay: relayDialler(() => current),
    serve: (stream, onFinished) => serveStream(stream, { ...serving, onFinished }),
    runCheck: checkRunner(() => serving.upstream, nodeClock),
    accessLogShare: () => current.accessLogShare,
    connectorId: `con_${randomBytes(12).toString("hex")}`,
    softwareVersion,
    clock: nodeClock,
    random: Math.random,
    log,
  });
  const apply = (next: ConnectorConfig): void => {
    const { upstream } = serving;
    current = next;
    serving = servingBy(next, resolve);
    log.level = next.logLevel;
    upstream.close();
  };
  return { connector, apply };
}

function servingBy(config: ConnectorConfig, resolve: Resolve): Omit<RelayDeps, "onFinished"> {
  const deps = { policy: config.policy, rules: config.upstreams, clock: nodeClock, resolve };
  return { ...deps, limits: config.limits, upstream: new Upstream(deps) };
}
