import { randomBytes } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import { WindowPool } from "../shared/mux/flow-window.ts";
import type { Stream, StreamHandler } from "../shared/mux/stream.ts";
import { CONNECTOR_WINDOW_POOL_BYTES } from "../shared/protocol/limits.ts";
import type { TunnelError } from "../shared/protocol/tunnel-error.ts";
import type { ConnectorConfig } from "./config.ts";
import { LinkKeeper } from "./link-keeper.ts";
import type { Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { RelayStream, type RelayDeps } from "./relay-stream.ts";
import type { RequestSummary } from "./request-record.ts";
import { UpstreamWebSocket } from "./upstream-websocket.ts";
import { Upstream } from "./upstream.ts";

export interface ConnectorOptions {
  config: ConnectorConfig;
  clock: Clock;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
  log: Logger;
  softwareVersion: string;
}

/** The daemon: keeps its connections to the relay and serves what comes over them. */
export class Connector {
  /** Random per process: the relay tells connectors apart by it. */
  readonly connectorId = `con_${randomBytes(12).toString("hex")}`;
  readonly #log: Logger;
  readonly #metrics = new Metrics();
  readonly #upstream: Upstream;
  readonly #deps: RelayDeps;
  readonly #keepers: readonly LinkKeeper[];
  #activeStreams = 0;

  constructor({ config, clock, random, log, softwareVersion }: ConnectorOptions) {
    this.#log = log;
    const { policy, relayUrl, tokenText } = config;
    this.#upstream = new Upstream({ policy, clock });
    this.#deps = {
      policy,
      clock,
      upstream: this.#upstream,
      onFinished: (summary, error) => this.#onFinished(summary, error),
    };
    const shared = {
      relayUrl,
      tokenText,
      connectorId: this.connectorId,
      softwareVersion,
      windowPool: new WindowPool(CONNECTOR_WINDOW_POOL_BYTES),
      clock,
      random,
      log,
      onStream: (stream: Stream) => this.#onStream(stream),
      onLost: () => this.#metrics.connectionLost(),
    };
    this.#keepers = Array.from({ length: config.connections }, (_, index) => new LinkKeeper({ ...shared, index }));
  }

  /** Connections that the relay has accepted. */
  get readyConnections(): number {
    return this.#keepers.filter((keeper) => keeper.ready).length;
  }

  metricsText(): string {
    return this.#metrics.render({ readyConnections: this.readyConnections, activeStreams: this.#activeStreams });
  }

  /** Takes no more streams, lets those taken finish for up to `graceMs`, and resolves when all connections ended. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => new Promise<void>((done) => keeper.drain(graceMs, done))));
    this.#upstream.close();
  }

  #onStream(stream: Stream): StreamHandler {
    this.#activeStreams++;
    switch (stream.open.kind) {
      case "http":
        return new RelayStream(stream, this.#deps);
      case "websocket":
        return new UpstreamWebSocket(stream, this.#deps);
      case "tcp":
        return refuse(stream, () => this.#activeStreams--);
    }
  }

  #onFinished(summary: RequestSummary, error: TunnelError | null): void {
    this.#activeStreams--;
    this.#metrics.requestFinished(summary);
    if (error === null) this.#log.info(summary, "request");
    else if (error.code === "UPSTREAM_NOT_ALLOWED") this.#log.warn({ ...summary, reason: error.message }, "request");
    else this.#log.info({ ...summary, reason: error.message }, "request");
  }
}

/** Raw TCP has its place in the protocol and none here yet. */
function refuse(stream: Stream, onClosed: () => void): StreamHandler {
  queueMicrotask(() => {
    stream.reset("BAD_REQUEST", "this connector serves no TCP streams", { notProcessed: true });
    stream.release();
  });
  return { onReadable() {}, onWritable() {}, onClosed };
}
