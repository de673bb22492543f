import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const DECLARATION = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? =([^;]+);/gm;
/** The `index.ts` of a room exports constants that another file declares. */
const FROM = /^(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gm;
const ALL_FROM = /^export \* from "(\.[^"]+)";/gm;
const TOKEN = /\s*(?:(0x[\da-f_]+|\d[\d_]*(?:\.\d+)?)|([A-Z][A-Z0-9_]*)|([-+*/()]))/giy;

/** Reads constants from source code: `const NAME = 64 * OTHER;`, even if OTHER is in another file. */
export class Constants {
  readonly #root: string;
  readonly #texts = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Throws if the file has no such constant: then the page that names it is out of date. */
  valueOf(path: string, name: string): number {
    const expression = this.#declarations(path).get(name);
    if (expression === undefined) {
      const source = this.#sourceOf(path, name);
      if (source === undefined) throw new Error(`${path} has no constant ${name}`);
      return this.valueOf(source, name);
    }
    return this.#evaluate(path, expression);
  }

  /** The numeric constants that the file itself declares, in order. An object, such as a rate, is left out. */
  namesIn(path: string): string[] {
    const numbers = [...this.#declarations(path)].filter(([, expression]) => !/["`'{]/.test(expression));
    return numbers.map(([name]) => name);
  }

  #declarations(path: string): Map<string, string> {
    const found = this.#text(path).matchAll(DECLARATION);
    return new Map([...found].map(([, name = "", expression = ""]) => [name, expression]));
  }

  #sourceOf(path: string, name: string): string | undefined {
    for (const [, names = "", from = ""] of this.#text(path).matchAll(FROM)) {
      if (names.split(",").some((one) => one.trim() === name)) return join(dirname(path), from);
    }
    const passedOn = [...this.#text(path).matchAll(ALL_FROM)].map(([, from = ""]) =>
      join(dirname(path), from),
    );
    return passedOn.find((source) => this.#declarations(source).has(name));
  }

  #text(path: string): string {
    let text = this.#texts.get(path);
    if (text === undefined) this.#texts.set(path, (text = readFileSync(join(this.#root, path), "utf8")));
    return text;
  }

  /** Evaluates sums and products of numbers and names, with parentheses. */
  #evaluate(path: string, expression: string): number {
    const tokens = tokensOf(expression);
    let at = 0;
    const atom = (): number => {
      const token = tokens[at++] ?? "";
      if (token === "-") return -atom();
      if (token === "(") {
        const value = sum();
        at++;
        return value;
      }
      if (/^[A-Z]/.test(token)) return this.valueOf(path, token);
      return Number(token.replaceAll("_", ""));
    };
    const product = (): number => {
      let value = atom();
      for (let operator = tokens[at]; operator === "*" || operator === "/"; operator = tokens[at]) {
        at++;
        value = operator === "*" ? value * atom() : value / atom();
      }
      return value;
    };
    const sum = (): number => {
      let value = product();
      for (let operator = tokens[at]; operator === "+" || operator === "-"; operator = tokens[at]) {
        at++;
        value = operator === "+" ? value + product() : value - product();
      }
      return value;
    };
    const value = sum();
    if (at < tokens.length || Number.isNaN(value))
      throw new Error(`${path}: ${expression} is no plain number`);
    return value;
  }
}

function tokensOf(expression: string): string[] {
  const text = expression.trim();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`${expression} is no plain number`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return tokens;
}
