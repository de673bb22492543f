/** One way from the load generator to the upstream. */
export interface Subject {
  name: string;
  /** Where its requests go, without a trailing slash. */
  origin: string;
  headers: Record<string, string>;
  /** Another project's tunnel. Workloads at which it fails are left out. */
  isPeer?: true;
  /** Its processes by role. Read again each time, because some work in child processes. */
  pids(): Readonly<Record<string, readonly number[]>>;
  /** Messages sent toward the relay since its start; absent for subjects that have none. */
  relayMessages?(): Promise<number>;
}

/** Undoes what a run has started, in reverse order. */
export class Cleanups {
  readonly #undo: (() => unknown)[] = [];

  add(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async run(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}
