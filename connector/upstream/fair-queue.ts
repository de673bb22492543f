/**
 * A queue in which callers take turns. The requests of one caller stay in their order, but a hundred of them that came first
 * do not delay the first request of another caller.
 */
export class FairQueue<T extends { caller: string }> {
  /** One line per caller. The first line is the one whose turn is next. */
  readonly #lines = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiter: T): void {
    const line = this.#lines.get(waiter.caller);
    if (line === undefined) this.#lines.set(waiter.caller, new Set([waiter]));
    else line.add(waiter);
    this.#size++;
  }

  /** Removes a waiter. False: it was not waiting. */
  delete(waiter: T): boolean {
    const line = this.#lines.get(waiter.caller);
    if (line?.delete(waiter) !== true) return false;
    if (line.size === 0) this.#lines.delete(waiter.caller);
    this.#size--;
    return true;
  }

  /** Removes a waiter that is served now, and moves its caller to the end of the turns. */
  served(waiter: T): void {
    if (!this.delete(waiter)) return;
    const line = this.#lines.get(waiter.caller);
    if (line === undefined) return;
    this.#lines.delete(waiter.caller);
    this.#lines.set(waiter.caller, line);
  }

  *[Symbol.iterator](): Generator<T> {
    let lines = [...this.#lines.values()].map((line) => line.values());
    while (lines.length > 0) {
      const left: typeof lines = [];
      for (const line of lines) {
        const { done, value } = line.next();
        if (done === true) continue;
        yield value;
        left.push(line);
      }
      lines = left;
    }
  }
}
