import { readFileSync, statSync } from "node:fs";
import { isOwnWant } from "../platform/index.ts";

/** A file that changed so recently may change again without a new time stamp, because file systems' clocks are coarse. */
const SETTLED_MS = 2_000;

/** A small file that is read again when it has changed. A missing file counts as empty. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #stamp: string | null = null;
  #text: string | null = null;
  #value: T;
  /** Increases with each change of the text. */
  version = 0;

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse("");
  }

  /** Checks the file on each call, which is once per look-up. */
  read(): T {
    const { stamp, settled } = this.#look();
    if (stamp === this.#stamp) return this.#value;
    const text = this.#readText();
    this.#stamp = settled && text !== null ? stamp : null;
    if (text === null || text === this.#text) return this.#value;
    this.#text = text;
    this.#value = this.#parse(text);
    this.version++;
    return this.#value;
  }

  #look(): { stamp: string; settled: boolean } {
    try {
      const stat = statSync(this.#path, { bigint: true });
      const stamp = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join();
      return { stamp, settled: Math.abs(Date.now() - Number(stat.ctimeMs)) > SETTLED_MS };
    } catch {
      return { stamp: "none", settled: true };
    }
  }

  /** Null: the file cannot be read now. With no descriptor left, for example, it must not count as empty. */
  #readText(): string | null {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      return isOwnWant((error as NodeJS.ErrnoException).code ?? "") ? null : "";
    }
  }
}
