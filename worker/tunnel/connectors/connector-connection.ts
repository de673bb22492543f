/*
 * One connector's connection, from its attachment to its end. `tunnel-object.ts` makes one for each WebSocket of a connector.
 *
 * It joins the socket, the mux and the tunnel's list of connections. Whatever has to outlive the object's memory stands in the
 * socket's attachment, so a connection whose object slept goes on where it was. Its timers run only while something is awaited,
 * because a timer keeps the object awake.
 *
 * docs/protocol.md#connection and docs/architecture.md#hibernation; decisions 0005, 0012 and 0015.
 */
import type { Clock } from "../../../shared/time/clock.ts";
import { RelayMux } from "../../../shared/mux/index.ts";
import {
  CLOSE_HELLO_TIMEOUT,
  CLOSE_REPLACED,
  CONNECTION_WINDOW_BYTES,
  HELLO_TIMEOUT_MS,
  KEEPALIVE_TIMEOUT_MS,
  RELAY_MAX_GATHER_MS,
  RELAY_STREAM_WINDOW_BYTES,
  RELAY_STREAM_WINDOW_MAX_BYTES,
  encodeObjects,
  type ObjectList,
  type CheckOutcome,
  isFailing,
  readHealth,
  TunnelError,
} from "../../../shared/protocol/index.ts";
import { type CheckList, outcomesOf } from "./check-list.ts";
import type { ConnectorSocket } from "./connector-socket.ts";
import type { Connection, TunnelConnections } from "../connections/tunnel-connections.ts";

export interface ConnectorConnectionOptions {
  socket: ConnectorSocket;
  tunnel: TunnelConnections;
  clock: Clock;
  relayId: string;
  softwareVersion: string;
  build: string;
  /** When the platform last answered this socket's keepalive by itself; null if it never did. */
  lastAutoAnswerMs(): number | null;
  /** The current list of checks for this tunnel's connectors. */
  checkList: () => CheckList;
  /** The objects to which connectors attach; null: this copy of the configuration does not say. */
  objects: () => ObjectList | null;
  /** The connector was welcomed, or is gone. */
  onChange(): void;
  /** The connector reports another health of the services than before. */
  onHealth(): void;
}

export class ConnectorConnection implements Connection {
  readonly mux: RelayMux;
  readonly connectionId: string;
  /** The object slept and the connection went on where it was, so the WebSockets on it can go on sleeping. */
  readonly wasAtRest: boolean;
  readonly kid: string;
  readonly connectedAtMs: number;
  readonly dataCentre: string | null;
  readonly address: string | null;
  readonly #options: ConnectorConnectionOptions;
  /** Outcomes of the checked services; null: not computed since the memory was lost. */
  #health: ReadonlyMap<string, CheckOutcome> | null = null;
  #cancelProbe: (() => void) | null = null;
  #cancelHelloTimeout: (() => void) | null = null;

  constructor(options: ConnectorConnectionOptions) {
    const { socket, tunnel, clock } = options;
    const { connectionId, kid, connectedAtMs, dataCentre = null, hello, epoch, rest } = socket.attachment;
    this.address = socket.attachment.address ?? null;
    this.#options = options;
    this.connectionId = connectionId;
    this.wasAtRest = rest !== null;
    this.kid = kid;
    this.connectedAtMs = connectedAtMs;
    this.dataCentre = dataCentre;
    this.mux = new RelayMux({
      transport: socket,
      clock,
      streamWindowBytes: RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      memory: tunnel.memory,
      budget: tunnel.budget,
      gatherMs: RELAY_MAX_GATHER_MS,
      // While an upload crosses a slow network, only the answers that the platform itself sends arrive in time.
      lastLifeMs: () => this.#options.lastAutoAnswerMs() ?? -Infinity,
      relayId: options.relayId,
      softwareVersion: options.softwareVersion,
      build: options.build,
      ...(hello === null ? {} : { resume: { hello, epoch, rest } }),
      events: {
        onHello: (said) => {
          this.#cancelHelloTimeout?.();
          socket.attachment = { ...socket.attachment, hello: said };
          options.onChange();
        },
        onEpoch: (next) => {
          socket.attachment = { ...socket.attachment, epoch: next };
        },
        onRest: (next) => {
          socket.attachment = { ...socket.attachment, rest: next };
          if (next !== null) tunnel.restIfIdle();
        },
        onStreamOpened: (open) => tunnel.streamOpened(open),
        onCreditBack: (open) => tunnel.creditCameBack(open),
        onRoom: () => tunnel.roomCame(),
        onSettings: (settings) => {
          const report = readHealth(settings);
          if (report === null) return;
          const isNews = JSON.stringify(report) !== JSON.stringify(socket.attachment.health);
          socket.attachment = { ...socket.attachment, health: report };
          this.#health = null;
          if (isNews) options.onHealth();
        },
        onClosed: () => {
          this.#cancelProbe?.();
          this.#cancelHelloTimeout?.();
          tunnel.detach(this);
          options.onChange();
        },
      },
    });
    tunnel.attach(this);
    if (hello === null) this.#awaitHello();
  }

  get health(): ReadonlyMap<string, CheckOutcome> {
    // Computed on demand, because each use of an attachment reads it anew.
    return (this.#health ??= outcomesOf(this.#options.checkList(), this.#options.socket.attachment.health));
  }

  isFailing(service: string): boolean {
    return isFailing(this.health.get(service) ?? "PENDING");
  }

  /** Sends the connector a new list of checks. */
  sendChecks(): void {
    this.#health = null;
    if (this.mux.hello === null) return;
    for (const payload of this.#options.checkList().settings) this.mux.sendSettings(payload);
  }

  /** Tells the connector which objects to attach to. */
  sendObjects(): void {
    const list = this.#options.objects();
    if (list !== null && this.mux.hello !== null) this.mux.sendSettings(encodeObjects(list));
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
    if (this.mux.streamCount === 0) this.#options.tunnel.restIfIdle();
    if (!waitedForHello || this.mux.hello === null) return;
    this.#replacePredecessors();
    this.#options.tunnel.arrivals.arrived();
    this.#options.tunnel.roomCame();
    this.sendChecks();
    // A connector that has no list takes this object for the only one, so that case needs no message.
    const names = this.#options.objects()?.names ?? [];
    if (names.length > 1 || names[0] !== this.#options.relayId) this.sendObjects();
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

  /** Cancelled as soon as HELLO arrives or the connection is gone, because a timer keeps the object awake. */
  #awaitHello(): void {
    this.#cancelHelloTimeout = this.#options.clock.after(HELLO_TIMEOUT_MS, () => {
      this.end(
        new TunnelError("PROTOCOL_ERROR", "no HELLO in time", { scope: "connection" }),
        CLOSE_HELLO_TIMEOUT,
      );
    });
  }
}
