import type { Clock } from "../shared/clock.ts";
import { WindowPool } from "../shared/mux/flow-window.ts";
import type { Stream, StreamHandler } from "../shared/mux/stream.ts";
import { CONNECTOR_WINDOW_POOL_BYTES } from "../shared/protocol/limits.ts";
import type { TunnelError } from "../shared/protocol/tunnel-error.ts";
import { LinkKeeper } from "./link-keeper.ts";
import type { Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import type { DialRelay, RelayConnection } from "./relay-connection.ts";
import type { RequestSummary } from "./request-record.ts";

/** Told once per stream, when it is over on the tunnel's side. */
export type OnFinished = (summary: RequestSummary, error: TunnelError | null) => void;

export interface ConnectorOptions {
  /** How many connections to keep. */
  connections: number;
  dialRelay: DialRelay;
  serve(stream: Stream, onFinished: OnFinished): StreamHandler;
  /** Random per process: the relay tells connectors apart by it. */
  connectorId: string;
  softwareVersion: string;
  clock: Clock;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
  log: Logger;
}

/** The daemon: keeps its connections to the relay, has their streams served, and counts. */
export class Connector {
  readonly connectorId: string;
  readonly #log: Logger;
  readonly #metrics = new Metrics();
  readonly #keepers: readonly LinkKeeper[];
  #activeStreams = 0;

  constructor(options: ConnectorOptions) {
    this.connectorId = options.connectorId;
    this.#log = options.log;
    const onFinished: OnFinished = (summary, error) => this.#onFinished(summary, error);
    const windowPool = new WindowPool(CONNECTOR_WINDOW_POOL_BYTES);
    this.#keepers = Array.from(
      { length: options.connections },
      (_, index) =>
        new LinkKeeper({
          ...options,
          dialRelay: (events) => counted(options.dialRelay(events), () => this.#metrics.relayMessageSent()),
          index,
          windowPool,
          onLost: () => this.#metrics.connectionLost(),
          onStream: (stream) => {
            this.#activeStreams++;
            return options.serve(stream, onFinished);
          },
        }),
    );
  }

  /** Connections that the relay has accepted and not asked to leave. */
  get readyConnections(): number {
    return this.#keepers.filter((keeper) => keeper.ready).length;
  }

  metricsText(): string {
    const { readyConnections } = this;
    return this.#metrics.render({ readyConnections, activeStreams: this.#activeStreams });
  }

  /** Takes no more streams, lets those taken finish for up to `graceMs`, and resolves when all connections ended. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all(
      this.#keepers.map((keeper) => new Promise<void>((done) => keeper.drain(graceMs, done))),
    );
  }

  #onFinished(summary: RequestSummary, error: TunnelError | null): void {
    this.#activeStreams--;
    this.#metrics.requestFinished(summary);
    if (error === null) return this.#log.info(summary, "request");
    const level = error.code === "UPSTREAM_NOT_ALLOWED" ? "warn" : "info";
    this.#log[level]({ ...summary, reason: error.message }, "request");
  }
}

function counted(connection: RelayConnection, onSend: () => void): RelayConnection {
  return {
    send(message) {
      onSend();
      connection.send(message);
    },
    sendText: (text) => connection.sendText(text),
    close: (code, reason) => connection.close(code, reason),
    terminate: () => connection.terminate(),
    bufferedBytes: () => connection.bufferedBytes(),
  };
}
