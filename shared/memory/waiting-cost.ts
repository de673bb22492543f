import { Fifo } from "./fifo.ts";

/** How exact the result is, in bytes of cost. */
const STEP_BYTES = 16 * 1024;

interface Mark {
  bytes: number;
  cost: number;
}

/**
 * What the messages cost that wait in a socket, where the socket only says how many bytes they have: a million messages of one byte take a
 * hundred megabytes.
 */
export class WaitingCost {
  readonly #perMessageBytes: number;
  #sent: Mark = { bytes: 0, cost: 0 };
  /** What had been sent when the socket had passed on as much as it has now. */
  #left: Mark = this.#sent;
  /** What had been sent at some moments, the oldest first. */
  readonly #marks = new Fifo<Mark>();

  constructor(perMessageBytes: number) {
    this.#perMessageBytes = perMessageBytes;
  }

  sent(bytes: number): void {
    const before = this.#marks.last ?? this.#left;
    this.#sent = { bytes: this.#sent.bytes + bytes, cost: this.#sent.cost + bytes + this.#perMessageBytes };
    if (this.#sent.cost - before.cost >= STEP_BYTES) this.#marks.push(this.#sent);
  }

  /** What waits now costs so much. `waitingBytes`: what the socket says. */
  of(waitingBytes: number): number {
    if (waitingBytes === 0) {
      this.#marks.clear();
      this.#left = this.#sent;
      return 0;
    }
    const leftBytes = this.#sent.bytes - waitingBytes;
    while ((this.#marks.first?.bytes ?? Infinity) <= leftBytes)
      this.#left = this.#marks.shift() ?? this.#left;
    return Math.max(waitingBytes, this.#sent.cost - this.#left.cost);
  }
}
