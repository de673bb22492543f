import { REDACTED, type Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

const TOKENS = /\s+|"(?:[^"\\]|\\[\s\S])*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
/** JSON in a string in JSON; deeper down it is text. */
const MAX_NESTING = 3;
/** `{"name": "password", "value": "…"}` */
const NAMING: ReadonlySet<string> = new Set(["name", "key", "field", "header", "id"]);

interface Level {
  isObject: boolean;
  /** Of an object: the key whose value comes; null where a key does. */
  key: string | null;
  /** One of its members says that its `value` is a secret. */
  namesSecret: boolean;
}

/**
 * Redacts JSON by its keys, at any depth. The text may be cut anywhere, may be several documents, or may not be JSON. Parts that cannot
 * be parsed are redacted as text.
 */
export function redactJson(text: string, redactor: Redactor, nesting = 0): string {
  const levels: Level[] = [];
  let out = "";
  /** Levels of a value that is hidden as a whole. */
  let hidden = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    const level = levels.at(-1);
    if (hidden > 0) {
      if (token === "{" || token === "[") hidden++;
      else if (token === "}" || token === "]") hidden--;
      else if (token.startsWith('"')) redactor.hide(stringOf(token));
      if (hidden === 0 && level !== undefined) level.key = null;
      continue;
    }
    const isSecret = level?.isObject === true && level.key !== null && isSecretMember(level);
    switch (token) {
      case "{":
      case "[":
        if (isSecret) {
          out += `"${REDACTED}"`;
          hidden = 1;
        } else {
          out += token;
          levels.push({ isObject: token === "{", key: null, namesSecret: false });
        }
        continue;
      case "}":
      case "]": {
        out += token;
        levels.pop();
        const outer = levels.at(-1);
        if (outer !== undefined) outer.key = null;
        continue;
      }
      case ",":
        if (level !== undefined) level.key = null;
        out += token;
        continue;
      case ":":
        out += token;
        continue;
    }
    if (/^\s/.test(token)) {
      out += token;
    } else if (!token.startsWith('"')) {
      out += isSecret ? `"${redactor.hide(token)}"` : redactor.text(token);
    } else if (level?.isObject === true && level.key === null) {
      const key = stringOf(token);
      level.key = key;
      out += shown(token, key, redactor.text(key));
    } else if (isSecret) {
      out += `"${redactor.hide(stringOf(token))}"`;
    } else {
      const value = stringOf(token);
      if (level?.isObject === true && NAMING.has(level.key?.toLowerCase() ?? "") && isSecretName(value))
        level.namesSecret = true;
      const isJson = nesting < MAX_NESTING && /^\s*[[{]/.test(value);
      out += shown(token, value, isJson ? redactJson(value, redactor, nesting + 1) : redactor.text(value));
    }
  }
  return out;
}

function isSecretMember({ key, namesSecret }: Level): boolean {
  return key !== null && (isSecretName(key) || (namesSecret && key.toLowerCase() === "value"));
}

/** The original text if nothing was redacted. */
function shown(token: string, value: string, clean: string): string {
  return value === clean ? token : JSON.stringify(clean);
}

const ESCAPES = /\\(?:u([0-9a-f]{4})|([\s\S]))/gi;
const ESCAPED: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** What a token says that may be cut in its middle, and may have escapes that are none. */
function stringOf(token: string): string {
  const isWhole = token.length > 1 && token.endsWith('"') && !/(?<!\\)(?:\\\\)*\\"$/.test(token);
  return token
    .slice(1, isWhole ? -1 : undefined)
    .replace(ESCAPES, (_, code?: string, char = "") =>
      code === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}
