/** Nobody nests deeper. Deeper values are not searched. */
const MAX_DEPTH = 64;

export interface JsonLines {
  /** For each path, such as `services[0].endpoint`, the line on which its value begins. The first line is 1. */
  lines: ReadonlyMap<string, number>;
  /** The line at which the text stops being JSON; null if it is JSON. */
  faultLine: number | null;
}

/** Finds the line of each value in a JSON text, which `JSON.parse` does not report. */
export function jsonLines(text: string): JsonLines {
  const scan = new Scan(text);
  try {
    scan.value("", 0);
    scan.end();
    return { lines: scan.lines, faultLine: null };
  } catch (thrown) {
    if (!(thrown instanceof NoJson)) throw thrown;
    return { lines: scan.lines, faultLine: scan.line };
  }
}

/** The line of a value, or of the nearest object or array around it: a missing value has no line. */
export function lineOf(lines: JsonLines["lines"], path: string): number | null {
  for (let at = path; ; at = at.replace(/(?:^|\.)[^.[\]]*$|\[\d+\]$/, "")) {
    const line = lines.get(at);
    if (line !== undefined || at === "") return line ?? null;
  }
}

// oxlint-disable-next-line no-control-regex -- JSON strings contain none
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

class NoJson extends Error {}

class Scan {
  readonly lines = new Map<string, number>();
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(path: string, depth: number): void {
    this.#space();
    if (depth > MAX_DEPTH) throw new NoJson();
    this.lines.set(path, this.line);
    if (this.#takes("{")) this.#members(path, depth);
    else if (this.#takes("[")) this.#items(path, depth);
    else if (this.#match(STRING) === null) if (this.#match(LITERAL) === null) throw new NoJson();
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw new NoJson();
  }

  #members(path: string, depth: number): void {
    if (this.#takes("}")) return;
    do {
      this.#space();
      const key = this.#match(STRING);
      if (key === null || !this.#takes(":")) throw new NoJson();
      const name = JSON.parse(key) as string;
      this.value(path === "" ? name : `${path}.${name}`, depth + 1);
    } while (this.#takes(","));
    if (!this.#takes("}")) throw new NoJson();
  }

  #items(path: string, depth: number): void {
    if (this.#takes("]")) return;
    let index = 0;
    do this.value(`${path}[${index++}]`, depth + 1);
    while (this.#takes(","));
    if (!this.#takes("]")) throw new NoJson();
  }

  #takes(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === "\n") this.line++;
      else if (character !== " " && character !== "\t" && character !== "\r") return;
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }
}
