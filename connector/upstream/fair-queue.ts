/**
 * Who waits, in the order in which they are served: callers take turns, and each caller's own wait in line. So the
 * hundred requests of one caller that came first do not stand before the first of another.
 */
export class FairQueue<T extends { caller: string }> {
  /** The line whose turn is next comes first. */
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

  /** It waits no longer. False: it did not. */
  delete(waiter: T): boolean {
    const line = this.#lines.get(waiter.caller);
    if (line?.delete(waiter) !== true) return false;
    if (line.size === 0) this.#lines.delete(waiter.caller);
    this.#size--;
    return true;
  }

  /** It is served: the other callers come before its next. */
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
