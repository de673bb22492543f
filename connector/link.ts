import { WebSocket } from "ws";
import type { Clock } from "../shared/clock.ts";
import { ConnectorMux } from "../shared/mux/connector-mux.ts";
import { SendBudget, type WindowPool } from "../shared/mux/flow-window.ts";
import { Keepalive } from "../shared/mux/keepalive.ts";
import type { Stream, StreamHandler } from "../shared/mux/stream.ts";
import type { Goaway } from "../shared/protocol/frame-payloads.ts";
import {
  CLOSE_GOING_AWAY,
  CONNECTION_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_MAX_BYTES,
  DEFAULT_MAX_STREAMS,
  GATHER_MS,
  MAX_MESSAGE_BYTES,
  PING_TEXT,
  PONG_TEXT,
  SUBPROTOCOL,
} from "../shared/protocol/limits.ts";
import { connectionError, TunnelError } from "../shared/protocol/tunnel-error.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** From dialling to the relay's WELCOME. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** What a close frame may take to be answered; the socket is ended without it then. */
const CLOSE_TIMEOUT_MS = 1_000;
/** While draining: how often to see whether the last stream is over. */
const DRAIN_CHECK_MS = 20;

/** Unlike a Durable Object's, the sockets here tell their backlog, and the relay's windows bound the rest. */
const NO_SEND_BUDGET = new SendBudget(Infinity, 0);

/** How a link ended. */
export type LinkEnd =
  /** The relay answered the handshake with this status: asking again soon changes nothing. */
  | { kind: "refused"; status: number }
  | { kind: "lost"; error: TunnelError; readyForMs: number }
  /** Drained or stopped by this end. */
  | { kind: "finished" };

export interface LinkEvents {
  /** The relay has accepted this connection. */
  onReady(): void;
  onStream(stream: Stream): StreamHandler;
  /** The relay opens no more streams here, and lets those it opened finish. */
  onGoaway(goaway: Goaway): void;
  /** Called once, last. */
  onEnded(end: LinkEnd): void;
}

export interface LinkOptions {
  relayUrl: string;
  tokenText: string;
  connectorId: string;
  connectionIndex: number;
  softwareVersion: string;
  /** Shared by all links of the process. */
  windowPool: WindowPool;
  clock: Clock;
  random: () => number;
  events: LinkEvents;
}

type LinkState =
  | { state: "connecting"; cancelTimeout: () => void }
  | { state: "handshaking"; cancelTimeout: () => void }
  | { state: "ready"; sinceMs: number; keepalive: Keepalive }
  | { state: "draining"; sinceMs: number; keepalive: Keepalive; deadlineMs: number; cancelCheck: () => void }
  | { state: "ended" };

/** One connection to the relay, from dialling to its end. It never comes back: its owner makes another. */
export class Link {
  readonly #options: LinkOptions;
  readonly #socket: WebSocket;
  readonly #mux: ConnectorMux;
  #state: LinkState;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { clock, relayUrl, tokenText } = options;
    this.#socket = new WebSocket(new URL("/v1/connect", relayUrl), SUBPROTOCOL, {
      headers: { authorization: `Bearer ${tokenText}` },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
    });
    const { connectorId, connectionIndex, softwareVersion, events } = options;
    this.#mux = new ConnectorMux({
      transport: new WebSocketTransport(this.#socket, () => this.#mux.drained()),
      clock,
      hello: { connectorId, connectionIndex, softwareVersion, maxStreams: DEFAULT_MAX_STREAMS },
      streamWindowBytes: CONNECTOR_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: CONNECTOR_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      pool: options.windowPool,
      budget: NO_SEND_BUDGET,
      gatherMs: GATHER_MS,
      events: {
        onWelcome: () => this.#onWelcome(),
        onStream: (stream) => events.onStream(stream),
        onGoaway: (goaway) => this.#onGoaway(goaway),
        onClosed: (error) => this.#lose(error),
      },
    });
    const cancelTimeout = clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#lose(lost("no answer to the handshake")));
    this.#state = { state: "connecting", cancelTimeout };

    this.#socket.on("open", () => this.#onOpen());
    this.#socket.on("message", (data, isBinary) => {
      if (isBinary && Buffer.isBuffer(data)) this.#mux.receive(data);
      else this.#onText(data.toString());
    });
    this.#socket.on("unexpected-response", (_request, response) => {
      this.#end({ kind: "refused", status: response.statusCode ?? 0 });
    });
    this.#socket.on("error", (error) => this.#lose(lost(error.message)));
    this.#socket.on("close", (code) => this.#lose(lost(`the connection closed with code ${code}`)));
  }

  get state(): LinkState["state"] {
    return this.#state.state;
  }

  /** How long the relay has accepted this connection. */
  get readyForMs(): number {
    const state = this.#state;
    return "sinceMs" in state ? this.#options.clock.nowMs() - state.sinceMs : 0;
  }

  /** The relay's round trip by the last keepalive, in milliseconds. */
  get rttMs(): number | null {
    return this.#state.state === "ready" ? this.#state.keepalive.rttMs : null;
  }

  /** Takes no more streams, lets those taken finish for up to `graceMs`, then ends. */
  drain(graceMs: number): void {
    if (this.#state.state === "ready") {
      this.#mux.goaway("DRAINING", graceMs);
      this.#startDraining(this.#state, graceMs);
    } else if (this.#state.state === "draining") {
      const deadlineMs = this.#options.clock.nowMs() + graceMs;
      this.#state.deadlineMs = Math.min(this.#state.deadlineMs, deadlineMs);
    } else {
      this.stop();
    }
  }

  /** Ends at once. */
  stop(): void {
    this.#end({ kind: "finished" });
  }

  #onOpen(): void {
    if (this.#state.state !== "connecting") return;
    this.#state = { ...this.#state, state: "handshaking" };
    this.#mux.start();
  }

  #onWelcome(): void {
    if (this.#state.state !== "handshaking") return;
    this.#state.cancelTimeout();
    const { clock, random, events } = this.#options;
    const keepalive = new Keepalive(clock, random, {
      ping: () => this.#socket.send(PING_TEXT),
      lost: () => this.#lose(lost("the relay does not answer")),
    });
    this.#state = { state: "ready", sinceMs: clock.nowMs(), keepalive };
    events.onReady();
  }

  #onText(text: string): void {
    if (text !== PONG_TEXT) return this.#mux.fail(connectionError("PROTOCOL_ERROR", "unexpected text message"));
    if (this.#state.state === "ready" || this.#state.state === "draining") this.#state.keepalive.ponged();
  }

  #onGoaway(goaway: Goaway): void {
    if (this.#state.state !== "ready") return;
    this.#startDraining(this.#state, goaway.drainMs);
    this.#options.events.onGoaway(goaway);
  }

  #startDraining({ sinceMs, keepalive }: { sinceMs: number; keepalive: Keepalive }, graceMs: number): void {
    const deadlineMs = this.#options.clock.nowMs() + graceMs;
    this.#state = { state: "draining", sinceMs, keepalive, deadlineMs, cancelCheck: () => {} };
    this.#checkDrained();
  }

  #checkDrained(): void {
    const { clock } = this.#options;
    if (this.#state.state !== "draining") return;
    if (this.#mux.streamCount === 0 || clock.nowMs() >= this.#state.deadlineMs) return this.stop();
    this.#state.cancelCheck = clock.after(DRAIN_CHECK_MS, () => this.#checkDrained());
  }

  #lose(error: TunnelError): void {
    this.#end({ kind: "lost", error, readyForMs: this.readyForMs });
  }

  #end(end: LinkEnd): void {
    const before = this.#state;
    if (before.state === "ended") return;
    this.#state = { state: "ended" };
    if ("cancelTimeout" in before) before.cancelTimeout();
    if ("keepalive" in before) before.keepalive.stop();
    if (before.state === "draining") before.cancelCheck();
    this.#mux.transportClosed(end.kind === "lost" ? end.error : lost("the connection is closed"));
    this.#closeSocket(end);
    this.#options.events.onEnded(before.state === "draining" ? { kind: "finished" } : end);
  }

  /** A relay's own close may take 10 s to show here, so nothing waits for it. */
  #closeSocket(end: LinkEnd): void {
    if (end.kind !== "finished" || this.#socket.readyState !== this.#socket.OPEN) return this.#socket.terminate();
    this.#socket.close(CLOSE_GOING_AWAY, "drained");
    const cancel = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
    this.#socket.once("close", cancel);
  }
}

function lost(message: string): TunnelError {
  return new TunnelError("CONNECTOR_LOST", message, { scope: "connection" });
}
