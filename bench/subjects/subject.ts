/** One way from the load generator to the upstream. */
export interface Subject {
  name: string;
  /** Where its requests go, without a trailing slash. */
  origin: string;
  headers: Record<string, string>;
  /** Somebody else's: what it fails at is left out. */
  isPeer?: true;
  /** Its processes by the part they play; asked for anew each time, as some work in children. */
  pids(): Readonly<Record<string, readonly number[]>>;
  /** Messages sent toward the relay since it started; absent where there are none. */
  relayMessages?(): Promise<number>;
}

/** Undoes, last first, what a run has started. */
export class Cleanups {
  readonly #undo: (() => unknown)[] = [];

  add(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async run(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}
