import { randomBytes } from "node:crypto";
import type { ConnectorConfig } from "./config.ts";
import { Connector } from "./connector.ts";
import { relayDialler } from "./dial-relay.ts";
import type { Logger } from "./log.ts";
import { nodeClock } from "./node-clock.ts";
import { serveStream } from "./serve-stream.ts";
import { Upstream } from "./upstream.ts";

/** A connector on Node's sockets and clock. It dials at once. */
export function startConnector(config: ConnectorConfig, log: Logger, softwareVersion: string): Connector {
  const deps = { policy: config.policy, clock: nodeClock };
  const upstream = new Upstream(deps);
  return new Connector({
    connections: config.connections,
    dialRelay: relayDialler(config.relayUrl, config.tokenText),
    serve: (stream, onFinished) => serveStream(stream, { ...deps, upstream, onFinished }),
    connectorId: `con_${randomBytes(12).toString("hex")}`,
    softwareVersion,
    clock: nodeClock,
    random: Math.random,
    log,
  });
}
