/** What several may wait for, each time anew, until it happens next. */
export class Gate {
  #next: PromiseWithResolvers<void> | null = null;

  /** Look first whether there is anything to wait for: what happened before does not count. */
  untilOpened(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  /** Lets go who waits now. */
  open(): void {
    this.#next?.resolve();
    this.#next = null;
  }
}
