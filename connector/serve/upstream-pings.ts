import type { Clock } from "../../shared/time/clock.ts";

const LOOK_EVERY_MS = 15_000;
/** Looks without a sign of life. Counted instead of timed: after a suspension of the machine, the upstream gets its time. */
const SILENT_LOOKS_UNTIL_PING = 2;
const SILENT_LOOKS_UNTIL_LOST = 4;

/** An upstream's WebSocket, as far as its life can be seen. */
export interface PingedSocket {
  /** Came in since the beginning, whatever it was. */
  readonly receivedBytes: number;
  /** Given to the network since the beginning. */
  readonly sentBytes: number;
  /** Something waits for the network to take more: what it takes then, the upstream has acknowledged. */
  readonly isBlocked: boolean;
  /** This end reads nothing at present: it could not hear an answer. */
  readonly isPaused: boolean;
  ping(): void;
  /** The upstream has vanished. */
  lost(): void;
}

/**
 * Is the upstream of a WebSocket still there? One that vanished without a word looks like a quiet one, and a client that
 * talks on does not change that: what it says waits in this host's buffers. After half a minute without a sign of life the
 * upstream is pinged (RFC 6455 §5.5.2); after a whole one it is lost. Clients are pinged by the edge.
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
