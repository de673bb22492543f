import type { Clock } from "../../shared/time/clock.ts";

const LOOK_EVERY_MS = 15_000;
/** Checks without a sign of life before a ping. Counted, not timed: after the machine was suspended, the upstream still gets its time. */
const SILENT_LOOKS_UNTIL_PING = 2;
const SILENT_LOOKS_UNTIL_LOST = 4;

/** What can be observed of an upstream's WebSocket. */
export interface PingedSocket {
  /** All bytes received so far. */
  readonly receivedBytes: number;
  /** All bytes handed to the network so far. */
  readonly sentBytes: number;
  /** Bytes wait because the network accepts no more. If it accepts some later, the upstream has acknowledged earlier ones. */
  readonly isBlocked: boolean;
  /** This end is not reading now, so it could not see an answer. */
  readonly isPaused: boolean;
  ping(): void;
  /** The upstream has vanished. */
  lost(): void;
}

/**
 * Is the upstream of a WebSocket still there? One that vanished looks like a quiet one, and a client that keeps sending
 * does not change that, because its messages wait in this host's buffers. After half a minute without a sign of life the
 * upstream gets a ping (RFC 6455 §5.5.2). After a whole minute it counts as lost. The edge pings clients.
 */
export class UpstreamPings {
  readonly #clock: Clock;
  readonly #socket: PingedSocket;
  #silentLooks = 0;
  #receivedBytes: number;
  #sentBytes: number;
  #wasBlocked = false;
  #cancelLook: () => void = () => {};

  constructor(clock: Clock, socket: PingedSocket) {
    this.#clock = clock;
    this.#socket = socket;
    this.#receivedBytes = socket.receivedBytes;
    this.#sentBytes = socket.sentBytes;
    this.#lookLater();
  }

  stop(): void {
    this.#cancelLook();
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #look(): void {
    this.#silentLooks = this.#showsLife() ? 0 : this.#silentLooks + 1;
    if (this.#silentLooks >= SILENT_LOOKS_UNTIL_LOST) return this.#socket.lost();
    if (this.#silentLooks === SILENT_LOOKS_UNTIL_PING) this.#socket.ping();
    this.#lookLater();
  }

  #showsLife(): boolean {
    const { receivedBytes, sentBytes, isBlocked, isPaused } = this.#socket;
    const hasTaken = this.#wasBlocked && sentBytes > this.#sentBytes;
    const hasSpoken = receivedBytes > this.#receivedBytes;
    this.#receivedBytes = receivedBytes;
    this.#sentBytes = sentBytes;
    this.#wasBlocked = isBlocked;
    return hasSpoken || hasTaken || isPaused;
  }
}
