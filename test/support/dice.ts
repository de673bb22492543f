import { bytesOf } from "./bytes-of.ts";

/** A small random generator (mulberry32) whose sequence depends only on its seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number from 0 to below 1. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from 0 to below `n`. */
  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  pick<T>(first: T, ...rest: T[]): T {
    return rest[this.below(rest.length + 1)] ?? first;
  }

  bytes(length: number): Uint8Array {
    return bytesOf(length, () => this.below(256));
  }
}
