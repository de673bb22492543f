/**
 * An object that has been idle for ten seconds sleeps, and wakes with the code that is deployed then. One that is still
 * called by other code after so long finds no such moment.
 */
const PATIENCE_MS = 60_000;

/**
 * Does this object run older code than those who call it? By the build that each claim names: another one than its own,
 * and its own no more. Where two versions are deployed side by side both go on calling, and neither is the older one.
 */
export class NewerCode {
  readonly #ownBuild: string;
  #sinceMs: number | null = null;

  constructor(ownBuild: string) {
    this.#ownBuild = ownBuild;
  }

  /** Of a caller; absent: it does not say. */
  called(build: string | undefined, nowMs: number): void {
    if (build === undefined) return;
    this.#sinceMs = build === this.#ownBuild ? null : (this.#sinceMs ?? nowMs);
  }

  isOutdated(nowMs: number): boolean {
    return this.#sinceMs !== null && nowMs - this.#sinceMs >= PATIENCE_MS;
  }
}
