import type { Clock } from "../../shared/clock.ts";
import { RelayMux } from "../../shared/mux/relay-mux.ts";
import {
  CLOSE_HELLO_TIMEOUT,
  CLOSE_REPLACED,
  CONNECTION_WINDOW_BYTES,
  HELLO_TIMEOUT_MS,
  KEEPALIVE_TIMEOUT_MS,
  RELAY_STREAM_WINDOW_BYTES,
  RELAY_STREAM_WINDOW_MAX_BYTES,
} from "../../shared/protocol/limits.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import type { ConnectorSocket } from "./connector-socket.ts";
import type { Connection, Tunnel } from "./tunnel.ts";

export interface ConnectorConnectionOptions {
  socket: ConnectorSocket;
  tunnel: Tunnel;
  clock: Clock;
  relayId: string;
  softwareVersion: string;
  /** When the platform last answered this socket's keepalive by itself; null if it never did. */
  lastAutoAnswerMs(): number | null;
}

/** A connector's connection from its attachment on: joins socket, mux and tunnel. */
export class ConnectorConnection implements Connection {
  readonly mux: RelayMux;
  readonly kid: string;
  readonly connectedAtMs: number;
  readonly #options: ConnectorConnectionOptions;
  #cancelProbe: (() => void) | null = null;

  constructor(options: ConnectorConnectionOptions) {
    const { socket, tunnel, clock } = options;
    const { kid, connectedAtMs, hello, epoch } = socket.attachment;
    this.#options = options;
    this.kid = kid;
    this.connectedAtMs = connectedAtMs;
    this.mux = new RelayMux({
      transport: socket,
      clock,
      streamWindowBytes: RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      pool: tunnel.pool,
      budget: tunnel.budget,
      gatherMs: 0,
      relayId: options.relayId,
      softwareVersion: options.softwareVersion,
      ...(hello === null ? {} : { resume: { hello, epoch } }),
      events: {
        onHello: (said) => {
          socket.attachment = { ...socket.attachment, hello: said };
        },
        onEpoch: (next) => {
          socket.attachment = { ...socket.attachment, epoch: next };
        },
        onClosed: () => {
          this.#cancelProbe?.();
          tunnel.detach(this);
        },
      },
    });
    tunnel.attach(this);
    if (hello === null) this.#awaitHello();
  }

  lastAliveMs(): number {
    return Math.max(this.connectedAtMs, this.mux.lastReceivedMs, this.#options.lastAutoAnswerMs() ?? 0);
  }

  probe(): void {
    if (this.#cancelProbe !== null) return;
    const askedAtMs = this.#options.clock.nowMs();
    this.mux.ping();
    this.#cancelProbe = this.#options.clock.after(KEEPALIVE_TIMEOUT_MS, () => {
      this.#cancelProbe = null;
      if (this.lastAliveMs() < askedAtMs) this.mux.giveUp();
    });
  }

  receive(message: ArrayBuffer | string): void {
    if (typeof message === "string") {
      const error = new TunnelError("PROTOCOL_ERROR", "a text message", { scope: "connection" });
      return this.mux.fail(error);
    }
    const waitedForHello = this.mux.hello === null;
    this.mux.receive(new Uint8Array(message));
    if (waitedForHello && this.mux.hello !== null) this.#replacePredecessors();
  }

  /** Ends it from this side: GOAWAY with the reason, then the close. */
  end(error: TunnelError, closeCode: number): void {
    this.mux.fail(error, closeCode);
  }

  /** The socket is gone. */
  lost(): void {
    this.mux.transportClosed(
      new TunnelError("CONNECTOR_LOST", "The connection to the connector was lost.", { scope: "connection" }),
    );
  }

  #replacePredecessors(): void {
    const error = new TunnelError("REPLACED", "The connector has connected anew.", { scope: "connection" });
    for (const older of this.#options.tunnel.predecessorsOf(this)) older.mux.fail(error, CLOSE_REPLACED);
  }

  #awaitHello(): void {
    this.#options.clock.after(HELLO_TIMEOUT_MS, () => {
      if (this.mux.hello !== null || this.mux.isClosed) return;
      this.end(
        new TunnelError("PROTOCOL_ERROR", "no HELLO in time", { scope: "connection" }),
        CLOSE_HELLO_TIMEOUT,
      );
    });
  }
}
