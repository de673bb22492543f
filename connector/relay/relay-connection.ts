/*
 * One connection to the relay: its states from dialling to its end. `connection-keeper.ts` makes it.
 *
 * It is never resumed; its keeper makes the next one. It makes decisions and knows no platform: clock, dialling and WebSocket come
 * as arguments, so that tests can run a connection's whole life on a fake clock.
 *
 * docs/protocol.md#connection and #endings-of-a-connection; decisions 0015 and 0051.
 */
import { BUILD_ID } from "../../shared/release/build-id.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { ConnectorMux, type Stream, type StreamHandler } from "../../shared/mux/index.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import { SendBudget } from "../../shared/mux/credit/flow-window.ts";
import { Keepalive } from "../../shared/mux/watches/keepalive.ts";
import type { StreamLimit } from "../../shared/streams/stream-limit.ts";
import {
  type Goaway,
  CLOSE_GOING_AWAY,
  CONNECTION_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_MAX_BYTES,
  MAX_GATHER_MS,
  PING_TEXT,
  PONG_TEXT,
  type ObjectList,
  readObjects,
  type CheckListText,
  CheckListReader,
  connectionError,
  TunnelError,
} from "../../shared/protocol/index.ts";
import { guardedClock, guardFor, type ReportFault } from "../platform/index.ts";
import type { DialRelay, RelayTransport, RelayTransportEvents } from "./relay-transport.ts";

/** The time from dialling to the relay's WELCOME. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Streams that cannot finish are told so long before the end of a drain, because a close takes a round trip on either side. */
const FAREWELL_MS = 500;
/** How often to check, while draining, whether the last stream is over. */
const DRAIN_CHECK_MS = 20;
/** Sockets here report their backlog, unlike those of a Durable Object, and the relay's windows limit the rest. */
const NO_SEND_BUDGET = new SendBudget(Infinity, 0, null);

/** How a connection ended. */
export type RelayConnectionEnd =
  /** The relay answered the handshake with this status. `spoken`: the protocols that it named. */
  | { kind: "refused"; status: number; spoken: string }
  /** `wasReady`: the relay had accepted the connection. */
  | { kind: "lost"; error: TunnelError; wasReady: boolean; readyForMs: number }
  /** It was drained or stopped. */
  | { kind: "finished" };

export interface RelayConnectionEvents {
  /** The relay has accepted this connection. */
  onReady(): void;
  onStream(stream: Stream): StreamHandler;
  /** What the relay wants checked. May throw a connection error. */
  onChecks(list: CheckListText): void;
  /** The list of the tunnel's objects, from one of them. May throw a connection error. */
  onObjects(list: ObjectList): void;
  /** A stream has something to send, but its window is closed. */
  onStalled(): void;
  /** The relay gives no sign of life: it is gone, or only busy. Streams are kept for now. */
  onSilent(): void;
  /** A sign of life came after all. */
  onHeard(): void;
  /** The relay opens no more streams here. Open ones may finish. */
  onGoaway(goaway: Goaway): void;
  /** The last event, called once. */
  onEnded(end: RelayConnectionEnd): void;
}

export interface RelayConnectionOptions {
  dialRelay: DialRelay;
  connectorId: string;
  connectionIndex: number;
  softwareVersion: string;
  connectorName?: string;
  host?: string;
  platform?: string;
  /** The maximum of concurrent streams. The relay distributes its load accordingly. */
  maxStreams: number;
  /** over all connections of the process. */
  streams: StreamLimit;
  /** How long a stream's window may stay closed if its service does not say. */
  stallTimeoutMs: () => number;
  /** Shared by all connections of the process. */
  memory: MemoryAccount;
  clock: Clock;
  random: () => number;
  reportFault: ReportFault;
  events: RelayConnectionEvents;
}

/**
 * connecting ──open──▶ handshaking ──WELCOME──▶ ready ──GOAWAY of either side──▶ draining
 * Any of them ──loss, refusal, stop, last stream over──▶ ended
 */
type ConnectionState =
  | { state: "connecting"; cancelTimeout: () => void }
  | { state: "handshaking"; cancelTimeout: () => void }
  | { state: "ready"; sinceMs: number; keepalive: Keepalive }
  | {
      state: "draining";
      sinceMs: number;
      keepalive: Keepalive;
      deadlineMs: number;
      farewellSaid: boolean;
      cancelCheck: () => void;
    }
  | { state: "ended" };

const TransportEventsGuard = guardFor<RelayTransportEvents>({
  onOpen: true,
  onMessage: true,
  onText: true,
  onDrained: true,
  onRefused: true,
  onLost: true,
  onFault: true,
});

/** One connection to the relay, from dialling to its end. */
export class RelayConnection {
  readonly #options: RelayConnectionOptions;
  readonly #connection: RelayTransport;
  readonly #mux: ConnectorMux;
  readonly #checkLists = new CheckListReader();
  #relayId: string | null = null;
  #state: ConnectionState;

  constructor(options: RelayConnectionOptions) {
    const clock = guardedClock(options.clock, this.#onFault);
    this.#options = { ...options, clock };
    const { connectorId, connectorName, connectionIndex, softwareVersion, maxStreams, events } = options;
    const { host, platform } = options;
    const transportEvents: RelayTransportEvents = {
      onOpen: () => this.#onOpen(),
      onMessage: (message) => this.#mux.receive(message),
      onText: (text) => this.#onText(text),
      onDrained: () => this.#mux.drained(),
      onRefused: (status, spoken = "") => this.#end({ kind: "refused", status, spoken }),
      onLost: (reason) => this.#lose(reason),
      onFault: this.#onFault,
    };
    this.#connection = options.dialRelay(new TransportEventsGuard(transportEvents, this.#onFault));
    this.#mux = new ConnectorMux({
      transport: this.#connection,
      clock,
      hello: {
        ...{ connectorId, connectionIndex, softwareVersion, maxStreams },
        stallTimeoutMs: options.stallTimeoutMs(),
        build: BUILD_ID,
        ...(connectorName === undefined ? {} : { connectorName }),
        ...(host === undefined ? {} : { host }),
        ...(platform === undefined ? {} : { platform }),
      },
      streamWindowBytes: CONNECTOR_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: CONNECTOR_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      memory: options.memory,
      streams: options.streams,
      budget: NO_SEND_BUDGET,
      gatherMs: MAX_GATHER_MS,
      // The platform answers this, without waking the object.
      askForLife: () => this.#connection.sendText(PING_TEXT),
      events: {
        onWelcome: ({ relayId }) => this.#onWelcome(relayId),
        onStream: (stream) => events.onStream(stream),
        onSettings: (settings) => {
          const list = this.#checkLists.read(settings);
          if (list !== null) events.onChecks(list);
          const objects = readObjects(settings);
          if (objects !== null) events.onObjects(objects);
        },
        onStalled: () => events.onStalled(),
        onSilent: () => this.#onSilent(),
        onHeard: () => events.onHeard(),
        onFault: (thrown) => options.reportFault("relay", thrown),
        onGoaway: (goaway) => this.#onGoaway(goaway),
        onClosed: (error) => this.#endLost(error),
      },
    });
    // This comes last, because dialling may throw, and then no timer must be left.
    const cancelTimeout = clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#lose("no answer to the handshake"));
    this.#state = { state: "connecting", cancelTimeout };
  }

  get state(): ConnectionState["state"] {
    return this.#state.state;
  }

  /** The object of the relay that accepted this connection; null: none yet. */
  get relayId(): string | null {
    return this.#relayId;
  }

  /** How long ago the relay accepted this connection. */
  get readyForMs(): number {
    const state = this.#state;
    return "sinceMs" in state ? this.#options.clock.nowMs() - state.sinceMs : 0;
  }

  /** Round trip of the last keepalive. Null before the first one, half a minute after the start. */
  get roundTripMs(): number | null {
    return "keepalive" in this.#state ? this.#state.keepalive.rttMs : null;
  }

  /** Does nothing unless the relay has accepted this connection. */
  sendSettings(payload: Uint8Array): void {
    if (this.#state.state === "ready") this.#mux.sendSettings(payload);
  }

  /** Accepts no more streams, lets open ones finish for up to `graceMs`, then ends. */
  drain(graceMs: number): void {
    const state = this.#state;
    switch (state.state) {
      case "ready":
        this.#mux.goaway("DRAINING", graceMs);
        return this.#startDraining(state, graceMs);
      case "draining":
        state.deadlineMs = Math.min(state.deadlineMs, this.#options.clock.nowMs() + graceMs);
        return;
      case "connecting":
      case "handshaking":
      case "ended":
        return this.#end({ kind: "finished" });
    }
  }

  /** Ends a silent connection, because the relay answers on another one. */
  giveUp(): void {
    this.#mux.giveUp();
  }

  #onOpen(): void {
    if (this.#state.state !== "connecting") return;
    this.#state = { ...this.#state, state: "handshaking" };
    this.#mux.start();
  }

  #onWelcome(relayId: string): void {
    if (this.#state.state !== "handshaking") return;
    this.#relayId = relayId;
    this.#state.cancelTimeout();
    const { clock, random, events } = this.#options;
    const keepalive = new Keepalive(clock, random, (afterSuspension) => {
      this.#mux.asked(afterSuspension);
      this.#connection.sendText(PING_TEXT);
    });
    this.#state = { state: "ready", sinceMs: clock.nowMs(), keepalive };
    events.onReady();
  }

  #onText(text: string): void {
    if (text !== PONG_TEXT) {
      return this.#mux.fail(connectionError("PROTOCOL_ERROR", "an unexpected text message"));
    }
    this.#mux.heard();
    if ("keepalive" in this.#state) this.#state.keepalive.ponged();
  }

  /** A draining connection ends soon anyway, and nobody waits for one that is not ready: both are given up at once. */
  #onSilent(): void {
    if (this.#state.state === "ready") this.#options.events.onSilent();
    else this.#mux.giveUp();
  }

  #onGoaway(goaway: Goaway): void {
    if (this.#state.state !== "ready") return;
    this.#options.events.onGoaway(goaway);
    this.#startDraining(this.#state, goaway.drainMs);
  }

  #startDraining({ sinceMs, keepalive }: { sinceMs: number; keepalive: Keepalive }, graceMs: number): void {
    const deadlineMs = this.#options.clock.nowMs() + graceMs;
    this.#state = {
      state: "draining",
      sinceMs,
      keepalive,
      deadlineMs,
      farewellSaid: false,
      cancelCheck: () => {},
    };
    // Deferred, so that streams that this message opens or moves count.
    this.#state.cancelCheck = this.#options.clock.after(0, () => this.#checkDrained());
  }

  #checkDrained(): void {
    const { clock } = this.#options;
    const state = this.#state;
    if (state.state !== "draining") return;
    const leftMs = state.deadlineMs - clock.nowMs();
    if (this.#mux.streamCount === 0 || leftMs <= 0) return this.#end({ kind: "finished" });
    if (leftMs <= FAREWELL_MS && !state.farewellSaid) {
      state.farewellSaid = true;
      this.#mux.tellGraceOver();
    }
    state.cancelCheck = clock.after(DRAIN_CHECK_MS, () => this.#checkDrained());
  }

  /** The exception may have interrupted the mux in the middle of a change, so this connection is not used any more. */
  readonly #onFault = (thrown: unknown): void => {
    this.#options.reportFault("relay", thrown);
    this.#lose("a fault of the connector");
  };

  #lose(reason: string): void {
    this.#endLost(new TunnelError("CONNECTOR_LOST", reason, { scope: "connection" }));
  }

  #endLost(error: TunnelError): void {
    this.#end({ kind: "lost", error, wasReady: "sinceMs" in this.#state, readyForMs: this.readyForMs });
  }

  #end(end: RelayConnectionEnd): void {
    const before = this.#state;
    if (before.state === "ended") return;
    this.#state = { state: "ended" };
    if ("cancelTimeout" in before) before.cancelTimeout();
    if ("keepalive" in before) before.keepalive.stop();
    if ("cancelCheck" in before) before.cancelCheck();
    const closed = new TunnelError("CONNECTOR_LOST", "the connection is closed", { scope: "connection" });
    try {
      this.#mux.transportClosed(end.kind === "lost" ? end.error : closed);
    } catch (thrown) {
      // The owner still has to learn of the end, so that it makes another connection.
      this.#options.reportFault("relay", thrown);
    }
    if (end.kind === "finished") this.#connection.close(CLOSE_GOING_AWAY, "drained");
    else this.#connection.terminate();
    this.#options.events.onEnded(before.state === "draining" ? { kind: "finished" } : end);
  }
}
