import type { Clock } from "../../../shared/time/clock.ts";

/** How many promises resolve one after another in one event: those of a gateway and of an object together. */
const REACTIONS = 16;

interface Timer {
  atMs: number;
  order: number;
  run: (() => void) | null;
}

/** A fake clock for millions of timers, with a heap. Between two timers it lets code that awaits promises continue. */
export class SimClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + delayMs, order: this.#order++, run };
    this.#push(timer);
    return () => (timer.run = null);
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  async runTo(untilMs: number): Promise<void> {
    for (let [next] = this.#heap; next !== undefined && next.atMs <= untilMs; [next] = this.#heap) {
      this.#pop();
      if (next.run === null) continue;
      this.#nowMs = next.atMs;
      next.run();
      for (let count = 0; count < REACTIONS; count++) await Promise.resolve();
    }
    this.#nowMs = untilMs;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(timer, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up] as Timer;
      at = up;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (isBefore(heap[down + 1], heap[down])) down++;
      if (!isBefore(heap[down], last)) break;
      heap[at] = heap[down] as Timer;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer | undefined, b: Timer | undefined): boolean {
  if (a === undefined || b === undefined) return b === undefined && a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
