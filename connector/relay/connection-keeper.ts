/*
 * Keeps one connection to the relay alive: dials, waits longer after each failure, dials again. `connector.ts` makes one for each
 * connection that `object-attachments.ts` wants.
 *
 * Waits have full jitter, so that a thousand connectors that lost their relay do not come back at the same moment. A refused
 * token is tried again as well, because an operator may put it right at the relay.
 *
 * docs/connector.md#the-way-out; decision 0051 says why a silent connection is kept for a while.
 */
import { RETIRE_DRAIN_MS, SUBPROTOCOL, type Goaway } from "../../shared/protocol/index.ts";
import { Backoff } from "../../shared/time/backoff.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import {
  RelayConnection,
  type RelayConnectionEnd,
  type RelayConnectionEvents,
  type RelayConnectionOptions,
} from "./relay-connection.ts";
import type { Logger } from "../platform/index.ts";

export type KeeperOptions = Omit<RelayConnectionOptions, "events" | "connectionIndex"> & {
  /** Which of the process's connections this is: 0 to 127. */
  index: number;
  log: Logger;
  onStream(stream: Stream): StreamHandler;
  onReady(): void;
  onChecks: RelayConnectionEvents["onChecks"];
  onObjects: RelayConnectionEvents["onObjects"];
  /** The relay has answered an attempt with this status. The next attempt is already scheduled. */
  onRefused(status: number): void;
  onStalled(): void;
  onLost(): void;
};

export type KeeperCondition = RelayConnection["state"] | "waiting" | "stopped";

/** A connection that replaces a draining one has the other index of its pair, or the relay would end the old one. */
const PAIR_OFFSET = 128;
/** A connection that the relay sends away sooner than this counts as lost. */
const SETTLED_MS = 5_000;
/**
 * Once the relay has answered on another connection, the silent one gets as much time again as that took, and at least this.
 * A slow relay may send on one connection long after it has sent on another.
 */
const MIN_ANSWER_MS = 1_000;

type KeeperState =
  | { state: "dialled"; connection: RelayConnection }
  | { state: "waiting"; cancel: () => void }
  | { state: "stopped" };

/**
 * Keeps one connection to the relay: makes a new one whenever the last one ended, later and later while it fails.
 *
 * A connection that fell silent is kept until another one shows that the relay is there. A relay that is too busy to answer is
 * silent on all connections. Cutting them would fail every request under way and give the relay more handshakes to do.
 */
export class ConnectionKeeper {
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Connections that are about to end: drained ones, and the one that fell silent. */
  readonly #draining = new Set<RelayConnection>();
  /** The connection that fell silent, while no other has been accepted since. */
  #doubted: RelayConnection | null = null;
  #doubtedAtMs = 0;
  readonly #onIdle: (() => void)[] = [];
  #landedOn: string | null = null;
  #state: KeeperState;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#backoff = new Backoff(options.random);
    this.#state = this.#dial(options.index);
  }

  get ready(): boolean {
    return this.condition === "ready";
  }

  /** The state of the newest connection; "waiting" before the next attempt. */
  get condition(): KeeperCondition {
    return this.#state.state === "dialled" ? this.#state.connection.state : this.#state.state;
  }

  get roundTripMs(): number | null {
    return this.#state.state === "dialled" ? this.#state.connection.roundTripMs : null;
  }

  /** The object of the relay that accepted the most recent connection; null: none yet. */
  get landedOn(): string | null {
    return this.#landedOn;
  }

  sendSettings(payload: Uint8Array): void {
    if (this.#state.state === "dialled") this.#state.connection.sendSettings(payload);
  }

  /** Accepts no more streams and makes no more connections. Calls `done` when the last stream has ended or `graceMs` has passed. */
  drain(graceMs: number, done: () => void): void {
    this.#onIdle.push(done);
    const before = this.#state;
    this.#state = { state: "stopped" };
    if (before.state === "waiting") before.cancel();
    if (before.state === "dialled") this.#draining.add(before.connection);
    for (const connection of [...this.#draining]) connection.drain(graceMs);
    this.#tellIfIdle();
  }

  #dial(connectionIndex: number): KeeperState {
    const connection: RelayConnection = new RelayConnection({
      ...this.#options,
      connectionIndex,
      events: {
        onStream: (stream) => this.#options.onStream(stream),
        onChecks: (list) => this.#options.onChecks(list),
        onObjects: (list) => this.#options.onObjects(list),
        onStalled: () => this.#options.onStalled(),
        onSilent: () => this.#onSilent(connection, connectionIndex),
        onHeard: () => this.#onHeard(connection),
        onReady: () => {
          this.#landedOn = connection.relayId;
          this.#options.log.info({ connectionIndex, object: connection.relayId }, "connected to the relay");
          this.#options.onReady();
          this.#relayIsThere();
        },
        onGoaway: (goaway) => this.#onGoaway(connection, connectionIndex, goaway),
        onEnded: (end) => this.#onEnded(connection, connectionIndex, end),
      },
    });
    return { state: "dialled", connection };
  }

  /** A planned move needs no pause. If the relay ends connections at once, or sends this connector on again and again, there is one. */
  #onGoaway(connection: RelayConnection, connectionIndex: number, { code, text, drainMs }: Goaway): void {
    if (this.#state.state !== "dialled" || this.#state.connection !== connection) return;
    this.#draining.add(connection);
    const planned = drainMs > 0 && connection.readyForMs >= SETTLED_MS;
    const delayMs = planned ? 0 : this.#backoff.delayAfterLossMs(connection.readyForMs);
    this.#options.log.info({ connectionIndex, code, reason: text }, "the relay asks for a new connection");
    this.#dialAfter(delayMs, pairOf(connectionIndex));
  }

  #onSilent(connection: RelayConnection, connectionIndex: number): void {
    if (this.#state.state !== "dialled" || this.#state.connection !== connection || this.#doubted !== null)
      return connection.giveUp();
    this.#options.log.warn({ connectionIndex }, "the relay is silent: trying another connection");
    this.#doubted = connection;
    this.#doubtedAtMs = this.#clock.nowMs();
    this.#draining.add(connection);
    this.#dialAfter(this.#backoff.delayAfterLossMs(connection.readyForMs), pairOf(connectionIndex));
  }

  /** The relay was only busy, so the other attempt is not needed. */
  #onHeard(connection: RelayConnection): void {
    if (this.#doubted !== connection || this.#state.state === "stopped") return;
    this.#doubted = null;
    this.#draining.delete(connection);
    const attempt = this.#state;
    this.#state = { state: "dialled", connection };
    this.#landedOn = connection.relayId;
    if (attempt.state === "waiting") attempt.cancel();
    // Before the relay accepts it, this ends it at once. After that, it may already have requests.
    else this.#drainAlso(attempt.connection);
  }

  #drainAlso(connection: RelayConnection): void {
    this.#draining.add(connection);
    connection.drain(RETIRE_DRAIN_MS);
  }

  /** The relay accepted another connection, or refused it with an answer of its own. */
  #relayIsThere(): void {
    const doubted = this.#doubted;
    if (doubted === null) return;
    const tookMs = this.#clock.nowMs() - this.#doubtedAtMs;
    this.#clock.after(Math.max(MIN_ANSWER_MS, tookMs), () => {
      if (this.#doubted === doubted) doubted.giveUp();
    });
  }

  #onEnded(connection: RelayConnection, connectionIndex: number, end: RelayConnectionEnd): void {
    this.#draining.delete(connection);
    this.#tellIfIdle();
    if (this.#doubted === connection) {
      this.#doubted = null;
      this.#options.onLost();
      this.#logEnd(end, connectionIndex, 0);
    }
    if (this.#state.state !== "dialled" || this.#state.connection !== connection) return;
    const delayMs = this.#delayAfter(end);
    // Schedule the next attempt first, so that an exception in the calls below cannot prevent it.
    this.#dialAfter(delayMs, connectionIndex);
    this.#options.onLost();
    this.#logEnd(end, connectionIndex, delayMs);
    if (end.kind !== "refused") return;
    this.#options.onRefused(end.status);
    // A 5xx may come from the platform in front of a relay that does not answer.
    if (end.status < 500) this.#relayIsThere();
  }

  #dialAfter(delayMs: number, connectionIndex: number): void {
    const cancel = this.#clock.after(delayMs, () => {
      try {
        this.#state = this.#dial(connectionIndex);
      } catch (thrown) {
        this.#options.reportFault("relay", thrown);
        this.#dialAfter(this.#backoff.delayAfterLossMs(0), connectionIndex);
      }
    });
    this.#state = { state: "waiting", cancel };
  }

  #delayAfter(end: RelayConnectionEnd): number {
    switch (end.kind) {
      case "refused":
        return end.status >= 500 ? this.#backoff.delayAfterLossMs(0) : this.#backoff.delayAfterRefusalMs();
      case "lost":
        return this.#backoff.delayAfterLossMs(end.readyForMs);
      case "finished":
        return 0;
    }
  }

  #logEnd(end: RelayConnectionEnd, connectionIndex: number, delayMs: number): void {
    const { log } = this.#options;
    const retryInMs = Math.round(delayMs);
    if (end.kind === "refused") {
      const isKnown = end.status === 404 && this.#landedOn !== null;
      const advice = isKnown ? "this object no longer carries the tunnel" : adviceFor(end.status);
      // Log both versions, so that the operator sees which end is older.
      const versions =
        end.status === 426 ? { spokenHere: SUBPROTOCOL, spokenThere: end.spoken.slice(0, 64) } : {};
      const facts = { connectionIndex, status: end.status, ...versions, retryInMs };
      log[isKnown ? "warn" : "error"](facts, advice);
    } else if (end.kind === "lost") {
      const { code, message } = end.error;
      const what = end.wasReady ? "lost the connection to the relay" : "cannot connect to the relay";
      log.warn({ connectionIndex, code, reason: message, retryInMs }, what);
    }
  }

  #tellIfIdle(): void {
    if (this.#state.state !== "stopped" || this.#draining.size > 0) return;
    for (const done of this.#onIdle.splice(0)) done();
  }
}

function pairOf(connectionIndex: number): number {
  return (connectionIndex + PAIR_OFFSET) % (2 * PAIR_OFFSET);
}

/** What to do about a refused handshake, for the log. */
export function adviceFor(status: number): string {
  if (status < 400) {
    return "another server answers at this address, not a Culvert relay: check TUNNEL_RELAY, and what a proxy on the way does";
  }
  switch (status) {
    case 401:
      return "the relay does not accept the token: it was revoked, or belongs to another relay; set TUNNEL_TOKEN to a current one. With TUNNEL_IDENTITY, `culvert doctor` shows what the token says of itself";
    case 403:
      return "the relay refuses this connector: something on the way adds an Origin header, or the tunnel was deleted";
    case 404:
      return "no relay answers at this address: check TUNNEL_RELAY";
    case 409:
      return "the tunnel has its maximum of connections: stop other connectors, or lower TUNNEL_CONNECTIONS";
    case 426:
      return "the relay speaks another version of the protocol: update the connector, or the relay, whichever is the older one";
    case 429:
      return "the relay refuses this address after too many failed attempts: check the token, and then wait";
    default:
      return "the relay refused the connection";
  }
}
