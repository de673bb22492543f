/*
 * Keeps one connection to the relay alive: dials, waits longer after each failure, dials again. `object-attachments.ts` has
 * them.
 *
 * Waits have full jitter, so that a thousand connectors that lost their relay do not come back at the same moment. A refused
 * token is tried again as well, because an operator may put it right at the relay.
 *
 * docs/connector.md#the-way-out; decision 0002.
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
  /** The relay has answered an attempt with this status. The next attempt is planned already. */
  onRefused(status: number): void;
  onStalled(): void;
  onLost(): void;
};

export type KeeperCondition = RelayConnection["state"] | "waiting" | "stopped";

/** A connection that replaces a draining one has the other index of its pair, or the relay would end the old one. */
const PAIR_OFFSET = 128;
/** Sent on sooner than this, a link counts as lost. */
const SETTLED_MS = 5_000;
/**
 * Once the relay has answered elsewhere, the silent link gets as long again as that took, and at least this: what a slow
 * relay sends on one connection may come long after what it sends on another.
 */
const MIN_ANSWER_MS = 1_000;

type KeeperState =
  | { state: "linked"; link: RelayConnection }
  | { state: "waiting"; cancel: () => void }
  | { state: "stopped" };

/**
 * Keeps one connection to the relay: makes a new one whenever the last one ended, later and later while it fails.
 *
 * A connection that fell silent is kept until another one shows that the relay is there: a relay that is too busy to answer is
 * silent on all of them, and to cut them would cost every request under way, and add handshakes to its work.
 */
export class ConnectionKeeper {
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Connections that are to end, until they do: drained ones, and the one that fell silent. */
  readonly #draining = new Set<RelayConnection>();
  /** Fell silent, and no other has been accepted since. */
  #doubted: RelayConnection | null = null;
  #doubtedAtMs = 0;
  readonly #onIdle: (() => void)[] = [];
  #landedOn: string | null = null;
  #state: KeeperState;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#backoff = new Backoff(options.random);
    this.#state = this.#linked(options.index);
  }

  get ready(): boolean {
    return this.condition === "ready";
  }

  /** Of the newest connection; "waiting" before the next attempt to make one. */
  get condition(): KeeperCondition {
    return this.#state.state === "linked" ? this.#state.link.state : this.#state.state;
  }

  get roundTripMs(): number | null {
    return this.#state.state === "linked" ? this.#state.link.roundTripMs : null;
  }

  /** Which object of the relay has accepted the newest connection that was accepted; null: none yet. */
  get landedOn(): string | null {
    return this.#landedOn;
  }

  sendSettings(payload: Uint8Array): void {
    if (this.#state.state === "linked") this.#state.link.sendSettings(payload);
  }

  /** Takes no more streams and makes no more connections; calls `done` when the last stream ended or `graceMs` passed. */
  drain(graceMs: number, done: () => void): void {
    this.#onIdle.push(done);
    const before = this.#state;
    this.#state = { state: "stopped" };
    if (before.state === "waiting") before.cancel();
    if (before.state === "linked") this.#draining.add(before.link);
    for (const link of [...this.#draining]) link.drain(graceMs);
    this.#tellIfIdle();
  }

  #linked(connectionIndex: number): KeeperState {
    const link: RelayConnection = new RelayConnection({
      ...this.#options,
      connectionIndex,
      events: {
        onStream: (stream) => this.#options.onStream(stream),
        onChecks: (list) => this.#options.onChecks(list),
        onObjects: (list) => this.#options.onObjects(list),
        onStalled: () => this.#options.onStalled(),
        onSilent: () => this.#onSilent(link, connectionIndex),
        onHeard: () => this.#onHeard(link),
        onReady: () => {
          this.#landedOn = link.relayId;
          this.#options.log.info({ connectionIndex, object: link.relayId }, "connected to the relay");
          this.#options.onReady();
          this.#relayIsThere();
        },
        onGoaway: (goaway) => this.#onGoaway(link, connectionIndex, goaway),
        onEnded: (end) => this.#onEnded(link, connectionIndex, end),
      },
    });
    return { state: "linked", link };
  }

  /** A planned move costs no pause; an expulsion, or a relay that keeps sending us on, does. */
  #onGoaway(link: RelayConnection, connectionIndex: number, { code, text, drainMs }: Goaway): void {
    if (this.#state.state !== "linked" || this.#state.link !== link) return;
    this.#draining.add(link);
    const planned = drainMs > 0 && link.readyForMs >= SETTLED_MS;
    const delayMs = planned ? 0 : this.#backoff.delayAfterLossMs(link.readyForMs);
    this.#options.log.info({ connectionIndex, code, reason: text }, "the relay asks for a new connection");
    this.#linkAfter(delayMs, pairOf(connectionIndex));
  }

  #onSilent(link: RelayConnection, connectionIndex: number): void {
    if (this.#state.state !== "linked" || this.#state.link !== link || this.#doubted !== null)
      return link.giveUp();
    this.#options.log.warn({ connectionIndex }, "the relay is silent: trying another connection");
    this.#doubted = link;
    this.#doubtedAtMs = this.#clock.nowMs();
    this.#draining.add(link);
    this.#linkAfter(this.#backoff.delayAfterLossMs(link.readyForMs), pairOf(connectionIndex));
  }

  /** The relay was only busy: the other attempt is not needed. */
  #onHeard(link: RelayConnection): void {
    if (this.#doubted !== link || this.#state.state === "stopped") return;
    this.#doubted = null;
    this.#draining.delete(link);
    const attempt = this.#state;
    this.#state = { state: "linked", link };
    this.#landedOn = link.relayId;
    if (attempt.state === "waiting") attempt.cancel();
    // At once, as long as it is not accepted. One that is may have been given requests.
    else this.#drainAlso(attempt.link);
  }

  #drainAlso(link: RelayConnection): void {
    this.#draining.add(link);
    link.drain(RETIRE_DRAIN_MS);
  }

  /** Another link was accepted, or refused by whoever knows the tunnel. */
  #relayIsThere(): void {
    const doubted = this.#doubted;
    if (doubted === null) return;
    const tookMs = this.#clock.nowMs() - this.#doubtedAtMs;
    this.#clock.after(Math.max(MIN_ANSWER_MS, tookMs), () => {
      if (this.#doubted === doubted) doubted.giveUp();
    });
  }

  #onEnded(link: RelayConnection, connectionIndex: number, end: RelayConnectionEnd): void {
    this.#draining.delete(link);
    this.#tellIfIdle();
    if (this.#doubted === link) {
      this.#doubted = null;
      this.#options.onLost();
      this.#logEnd(end, connectionIndex, 0);
    }
    if (this.#state.state !== "linked" || this.#state.link !== link) return;
    const delayMs = this.#delayAfter(end);
    // First: nothing that the others do may keep it from coming back.
    this.#linkAfter(delayMs, connectionIndex);
    this.#options.onLost();
    this.#logEnd(end, connectionIndex, delayMs);
    if (end.kind !== "refused") return;
    this.#options.onRefused(end.status);
    // What stands in front of a relay that does not answer says 5xx.
    if (end.status < 500) this.#relayIsThere();
  }

  #linkAfter(delayMs: number, connectionIndex: number): void {
    const cancel = this.#clock.after(delayMs, () => {
      try {
        this.#state = this.#linked(connectionIndex);
      } catch (thrown) {
        this.#options.reportFault("relay", thrown);
        this.#linkAfter(this.#backoff.delayAfterLossMs(0), connectionIndex);
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
      const advice = isKnown ? "this object carries the tunnel no longer" : adviceFor(end.status);
      // Both, so that nobody has to find out which end is the older one.
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

/** What whoever reads the log can do about a refused handshake. */
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
      return "the relay refuses too many failed attempts from this address: check the token, then wait";
    default:
      return "the relay refused the connection";
  }
}
