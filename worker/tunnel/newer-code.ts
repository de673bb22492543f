/**
 * An object sleeps after ten idle seconds, and wakes with the code that is deployed then. If newer code still calls it after this
 * time, it is never idle for long enough.
 */
const PATIENCE_MS = 60_000;

/**
 * Whether this object runs older code than its callers. Each claim names the caller's build. The object is older if only other builds
 * than its own call it. If two versions are deployed side by side, both keep calling, and neither counts as older.
 */
export class NewerCode {
  readonly #ownBuild: string;
  #sinceMs: number | null = null;

  constructor(ownBuild: string) {
    this.#ownBuild = ownBuild;
  }

  /** A caller's build; absent if it does not send one. */
  called(build: string | undefined, nowMs: number): void {
    if (build === undefined) return;
    this.#sinceMs = build === this.#ownBuild ? null : (this.#sinceMs ?? nowMs);
  }

  isOutdated(nowMs: number): boolean {
    return this.#sinceMs !== null && nowMs - this.#sinceMs >= PATIENCE_MS;
  }
}
