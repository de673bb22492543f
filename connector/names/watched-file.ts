import { readFileSync, statSync } from "node:fs";
import { isOwnWant } from "../platform/index.ts";

/** A file written so lately may be written again within one step of its file system's clock. */
const SETTLED_MS = 2_000;

/** A small file that is read again when it has changed; without it, as if it were empty. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #stamp: string | null = null;
  #text: string | null = null;
  #value: T;
  /** Grows with each change of its text. */
  version = 0;

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse("");
  }

  /** Asks the file system, on every call: it is called when a name is looked up. */
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

  /** Null: it cannot be told now. Without a descriptor for it, the file has not become empty. */
  #readText(): string | null {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      return isOwnWant((error as NodeJS.ErrnoException).code ?? "") ? null : "";
    }
  }
}
