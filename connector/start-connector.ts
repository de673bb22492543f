import { hostname } from "node:os";
import { type ConnectorSettings, nameOfHost, upstreamRulesOf } from "./settings/index.ts";
import type { Stream, StreamHandler } from "../shared/mux/index.ts";
import { Connector } from "./connector.ts";
import type { MemoryAccount } from "../shared/memory/memory-budget.ts";
import type { OnFinished, TraceRequest, Tracing } from "./telemetry/index.ts";
import { type DialRelay, relayDialler } from "./relay/index.ts";
import { type HostDialDeps, Names, type NameFiles } from "./names/index.ts";
import { Faults, type ReportFault, type Logger, nodeClock, processMemory } from "./platform/index.ts";
import { type ServeDeps, serveStream } from "./serve/index.ts";
import { checkRunner } from "./checks/run-check.ts";
import { TcpConnections, Upstream } from "./upstream/index.ts";

export interface NodeConnectorOptions {
  /** For tests: other files than the system's. */
  nameFiles?: NameFiles;
  config: ConnectorSettings;
  connectorId: string;
  softwareVersion: string;
  /** Null: nothing is traced. */
  tracing: Tracing | null;
  log: Logger;
  /** Lines that the log could not write. */
  droppedLogLines: () => number;
  /** Absent: by TCP or TLS to the relay that the settings name. */
  dialRelay?: DialRelay;
  /** Called before a stream is served, and may serve it instead. Absent: streams are served as usual. */
  intercept?: (stream: Stream, onFinished: OnFinished, serve: Serve) => StreamHandler;
  /** Numbers from 0 to below 1, for the length of each pause. Absent: `Math.random`. */
  random?: () => number;
}

export type Serve = (stream: Stream, onFinished: OnFinished) => StreamHandler;

export interface NodeConnector {
  connector: Connector;
  /** New requests use these settings. Those under way keep theirs. */
  apply: (config: ConnectorSettings) => void;
  /** For exceptions that belong to no known exchange or connection. */
  reportFault: ReportFault;
}

/** A connector on Node's sockets and clock. It dials at once. */
export function startConnector({
  config,
  connectorId,
  softwareVersion,
  tracing,
  log,
  droppedLogLines,
  dialRelay,
  intercept,
  nameFiles = {},
  random = Math.random,
}: NodeConnectorOptions): NodeConnector {
  const clock = nodeClock;
  const faults = new Faults(log, clock);
  // Two instances, so that the relay's name does not wait for look-ups of upstreams' names.
  const relayDial = { clock, names: new Names({ clock, ...nameFiles }) };
  const upstreamDial = { clock, names: new Names({ clock, ...nameFiles }) };
  const memory = processMemory();
  let current = config;
  const trace: TraceRequest = tracing?.trace ?? (() => null);
  const tcpConnections = new TcpConnections();
  const servingWith = (settings: ConnectorSettings) => ({
    ...servingBy(settings, { ...upstreamDial, memory }, faults.report),
    tcpConnections,
  });
  let serving = servingWith(config);
  const serve: Serve = (stream, onFinished) => serveStream(stream, { ...serving, trace, onFinished });
  const connector = new Connector({
    connections: config.connections,
    maxStreams: config.maxStreams,
    stallTimeoutMs: () => current.stallTimeoutMs,
    tunnelId: () => current.token.tunnelId,
    dialRelay: dialRelay ?? relayDialler(() => current, relayDial),
    serve: intercept === undefined ? serve : (stream, onFinished) => intercept(stream, onFinished, serve),
    runCheck: checkRunner(() => serving.upstream, nodeClock),
    accessLogShare: () => current.accessLogShare,
    connectorId,
    connectorName: config.connectorName,
    host: nameOfHost(hostname()),
    platform: `${process.platform}-${process.arch}`,
    softwareVersion,
    clock: nodeClock,
    memory,
    random,
    spans: tracing?.counts ?? null,
    faults,
    log,
    droppedLogLines,
  });
  const apply = (next: ConnectorSettings): void => {
    const { upstream } = serving;
    current = next;
    serving = servingWith(next);
    log.level = next.logLevel;
    upstream.close();
  };
  return { connector, apply, reportFault: faults.report };
}

function servingBy(
  config: ConnectorSettings,
  dialDeps: HostDialDeps & { memory: MemoryAccount },
  reportFault: ReportFault,
): Omit<ServeDeps, "trace" | "onFinished" | "tcpConnections"> {
  const deps = { ...upstreamRulesOf(config), ...dialDeps, reportFault };
  return { ...deps, upstream: new Upstream(deps) };
}
