/** Something that happens again and again. Several can wait for the next time. */
export class Gate {
  #next: PromiseWithResolvers<void> | null = null;

  /** Check first whether waiting is needed, because earlier openings do not count. */
  untilOpened(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  /** Ends all current waits. */
  open(): void {
    this.#next?.resolve();
    this.#next = null;
  }
}
