import { ConnectorMux } from "../../../shared/mux/connector-mux.ts";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { SendBudget } from "../../../shared/mux/credit/flow-window.ts";
import { RelayMux, type RelayMuxOptions } from "../../../shared/mux/relay-mux.ts";
import type { ConnectionRest } from "../../../shared/mux/rest.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/stream.ts";
import type { OpenHead } from "../../../shared/protocol/head.ts";
import type { Hello } from "../../../shared/protocol/handshake.ts";
import {
  CONNECTION_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_MAX_BYTES,
  CONNECTOR_MEMORY_BYTES,
  CONNECTOR_MEMORY_RESERVE_BYTES,
  DEFAULT_MAX_STREAMS,
  MAX_UNACKNOWLEDGED_BYTES,
  MIN_UNACKNOWLEDGED_BYTES,
  RELAY_STREAM_WINDOW_BYTES,
  RELAY_STREAM_WINDOW_MAX_BYTES,
  RELAY_MEMORY_BYTES,
  RELAY_MEMORY_RESERVE_BYTES,
} from "../../../shared/protocol/limits.ts";
import { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { FakeClock } from "../fake-clock.ts";
import { memoryOf } from "../memory.ts";
import { type LinkEnd, type LinkOptions, SimDirection } from "./sim-link.ts";

export const SOME_REQUEST: OpenHead = {
  kind: "http",
  target: "http://payments.internal:8080",
  service: "payments",
  method: "POST",
  path: "/v1/charges?limit=3",
  project: "shop",
  environment: "production",
  requestId: "req_1",
  fields: [["accept", "*/*"]],
};

const FAST_LINK: LinkOptions = { latencyMs: 1, bytesPerMs: 100_000 };

export interface PairOptions {
  link?: LinkOptions;
  /** The link toward the relay. Default: the same as the other direction. */
  linkToRelay?: LinkOptions;
  maxStreams?: number;
  /** Makes the connector's owner of each stream. */
  onStream(stream: Stream): StreamHandler;
  /** The connector receives a GOAWAY. */
  onGoaway?(lastStreamId: number): void;
  relayWindowBytes?: number;
  connectorWindowBytes?: number;
  connectionWindowBytes?: number;
  memoryBytes?: number;
  budget?: { totalBytes: number; minimumBytes: number };
  gatherMs?: number;
  maxStreamId?: number;
}

/** Both real ends over one simulated link. */
export class SimPair {
  readonly clock = new FakeClock();
  readonly toConnector: SimDirection;
  readonly toRelay: SimDirection;
  readonly connector: ConnectorMux;
  relay: RelayMux;
  relayMemory: MemoryAccount;
  relayBudget: SendBudget;
  readonly connectorMemory: MemoryAccount;
  readonly connectorBudget: SendBudget;
  /** What an object keeps when it is evicted. */
  stored: { hello: Hello; epoch: number; rest: ConnectionRest | null } | null = null;
  readonly closedEnds: { end: "relay" | "connector"; error: TunnelError }[] = [];
  readonly #options: PairOptions;

  constructor(options: PairOptions) {
    this.#options = options;
    const link = options.link ?? FAST_LINK;
    const relayEnd = (): LinkEnd => this.#endOf(() => this.relay);
    const connectorEnd = (): LinkEnd => this.#endOf(() => this.connector);
    this.toConnector = new SimDirection(this.clock, link, relayEnd, connectorEnd);
    this.toRelay = new SimDirection(this.clock, options.linkToRelay ?? link, connectorEnd, relayEnd);
    this.relayMemory = this.#newRelayMemory();
    this.relayBudget = this.#newBudget(this.relayMemory);
    this.connectorMemory = this.#newMemory(CONNECTOR_MEMORY_BYTES, CONNECTOR_MEMORY_RESERVE_BYTES);
    this.connectorBudget = this.#newBudget(this.connectorMemory);
    this.relay = this.#newRelay();
    this.connector = new ConnectorMux({
      transport: this.toRelay,
      clock: this.clock,
      events: {
        onWelcome: () => {},
        onGoaway: ({ lastStreamId }) => this.#options.onGoaway?.(lastStreamId),
        onStream: (stream) => this.#options.onStream(stream),
        onClosed: (error) => void this.closedEnds.push({ end: "connector", error }),
      },
      hello: {
        softwareVersion: "0.1.0",
        connectorId: "con_1",
        connectionIndex: 0,
        maxStreams: options.maxStreams ?? DEFAULT_MAX_STREAMS,
      },
      streamWindowBytes: options.connectorWindowBytes ?? CONNECTOR_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: CONNECTOR_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: options.connectionWindowBytes ?? CONNECTION_WINDOW_BYTES,
      memory: this.connectorMemory,
      budget: this.connectorBudget,
      gatherMs: options.gatherMs ?? 0,
    });
    this.connector.start();
    this.clock.advance(10 * link.latencyMs + 10);
  }

  /**
   * The object loses its memory and keeps its socket. A new object takes over, and restores the streams at rest if there
   * were any.
   */
  evictRelay(): void {
    if (this.stored === null) throw new Error("no HELLO yet");
    this.relayMemory = this.#newRelayMemory();
    this.relayBudget = this.#newBudget(this.relayMemory);
    this.relay = this.#newRelay({ resume: this.stored });
  }

  /** Cuts the network. Both ends notice. */
  cut(): void {
    this.toConnector.cut();
    this.toRelay.cut();
    const lost = new TunnelError("CONNECTOR_LOST", "the link was cut", { scope: "connection" });
    this.relay.transportClosed(lost);
    this.connector.transportClosed(lost);
  }

  #newRelayMemory(): MemoryAccount {
    return this.#newMemory(RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES);
  }

  #newMemory(totalBytes: number, reserveBytes: number): MemoryAccount {
    const { memoryBytes } = this.#options;
    return memoryOf(memoryBytes ?? totalBytes, memoryBytes === undefined ? reserveBytes : 0, () =>
      this.clock.nowMs(),
    );
  }

  #newBudget(memory: MemoryAccount): SendBudget {
    const { budget } = this.#options;
    return new SendBudget(
      budget?.totalBytes ?? MAX_UNACKNOWLEDGED_BYTES,
      budget?.minimumBytes ?? MIN_UNACKNOWLEDGED_BYTES,
      memory,
    );
  }

  #newRelay(extra: Pick<RelayMuxOptions, "resume"> = {}): RelayMux {
    const { maxStreamId } = this.#options;
    // An evicted object does nothing more, even if timers of it are left.
    const isCurrent = () => relay === this.relay;
    const relay: RelayMux = new RelayMux({
      transport: {
        send: (message) => isCurrent() && this.toConnector.send(message),
        close: (code) => isCurrent() && this.toConnector.close(code),
        // The Workers runtime does not tell how much waits in a socket.
        bufferedBytes: () => 0,
      },
      clock: this.clock,
      events: {
        onHello: (hello) => (this.stored = { hello, epoch: 0, rest: null }),
        onEpoch: (epoch) => {
          if (this.stored !== null) this.stored = { ...this.stored, epoch, rest: null };
        },
        onRest: (rest) => {
          if (this.stored !== null) this.stored = { ...this.stored, rest };
        },
        onClosed: (error) => isCurrent() && this.closedEnds.push({ end: "relay", error }),
      },
      relayId: "relay-1",
      softwareVersion: "0.1.0",
      streamWindowBytes: this.#options.relayWindowBytes ?? RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: this.#options.connectionWindowBytes ?? CONNECTION_WINDOW_BYTES,
      memory: this.relayMemory,
      budget: this.relayBudget,
      gatherMs: 0,
      ...(maxStreamId === undefined ? {} : { maxStreamId }),
      ...extra,
    });
    return relay;
  }

  #endOf(mux: () => RelayMux | ConnectorMux): LinkEnd {
    return {
      receive: (message) => mux().receive(message),
      drained: () => mux().drained(),
      closed: () => mux().transportClosed(new TunnelError("CONNECTOR_LOST", "the socket was closed")),
    };
  }
}
