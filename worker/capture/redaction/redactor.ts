import { isSecretName } from "./secret-name.ts";

export const REDACTED = "[redacted]";

/** Shorter secrets would be found everywhere by chance. */
const MIN_KNOWN_LENGTH = 6;
const MAX_KNOWN = 100;

/** Forms that are secrets whatever their name is. The patterns run in linear time on any text. */
const FORMS = new RegExp(
  [
    String.raw`-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)`,
    String.raw`(?<=:\/\/)[^\s\/@?#]{1,200}@`,
    String.raw`(?<=\b(?:bearer|basic|negotiate|apikey)[ \t+]{1,4})[A-Za-z0-9._~+\/=-]{8,}`,
    String.raw`\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}`,
    String.raw`\bculvert_[A-Za-z0-9_-]{12,}`,
    String.raw`\b(?:sk|pk|rk|whsec)[_-](?:live[_-]|test[_-]|proj-|ant-)?[A-Za-z0-9_-]{16,}`,
    String.raw`\b(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[abeprs]-|ya29\.|AIza|dop_v1_|shpat_)[A-Za-z0-9_.-]{10,}`,
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{12,}`,
  ].join("|"),
  "gi",
);

/** `name=` and `name:`, with quotes around the name or without, in whatever text, escaped as in a string of JSON or not. */
const NAMED = /([A-Za-z0-9_.%[\]-]{1,64})((?:\\{0,8}["'])?[ \t]{0,4}([=:])[ \t]{0,4}(?:\\{1,8}(?=["']))?)/g;
/** What follows; behind a colon it may have blanks. */
const VALUE = /"[^"\r\n]*"?|'[^'\r\n]*'?|[^\s&;,"'<>{}[\]]+/y;
const VALUE_OF_LINE = /"[^"\r\n]*"?|'[^'\r\n]*'?|[^\s&;,"'<>{}[\]][^\r\n&;,"'<>{}[\]]*/y;
/** Values that are no secrets, and occur in many texts. */
const PLAIN_WORD = /^[a-z]{1,19}$/;
const XML_TEXT =
  /(<(?:[\w.-]{1,64}:)?([\w.-]{1,64})(?:\s[^<>]{0,200})?>)(<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|[^<]+)/g;

/** Removes the secrets from one captured request. A secret that is found in one place is removed everywhere. */
export class Redactor {
  readonly #known = new Set<string>();

  /** Records a secret and returns its replacement. */
  hide(secret: string): string {
    const value = secret.trim();
    const isKnowable =
      value.length >= MIN_KNOWN_LENGTH && !PLAIN_WORD.test(value) && !value.includes(REDACTED);
    if (isKnowable && this.#known.size < MAX_KNOWN) this.#known.add(value);
    return REDACTED;
  }

  /** Redacts any text, by form and by the names in it. */
  text(text: string): string {
    if (text.length < 4) return text;
    const formless = text
      .replace(FORMS, (secret) => this.hide(secret.endsWith("@") ? secret.slice(0, -1) : secret) + at(secret))
      .replace(XML_TEXT, (whole, tag: string, name: string, value: string) =>
        isSecretName(name) && value.trim() !== "" ? tag + this.hide(value) : whole,
      );
    return this.#named(formless);
  }

  /** A value that is no secret by its name may contain a pair of its own: `next=/?token=…`. */
  #named(text: string): string {
    let out = "";
    let at = 0;
    for (const match of text.matchAll(NAMED)) {
      const [whole, name = "", , separator] = match;
      const valueAt = match.index + whole.length;
      const isParameter = /[?&#]/.test(text.charAt(match.index - 1));
      if (match.index < at || !isNamedSecret(name, isParameter)) continue;
      const pattern = separator === ":" ? VALUE_OF_LINE : VALUE;
      pattern.lastIndex = valueAt;
      const value = pattern.exec(text)?.[0];
      const endAt = valueAt + (value?.length ?? 0);
      // `authorization: Bearer [redacted]` says all that it may.
      if (value === undefined || value.includes(REDACTED) || text.startsWith(REDACTED, endAt)) continue;
      const quote = /^["']/.exec(value)?.[0] ?? "";
      const inner = quote === "" ? value : value.slice(1).replace(new RegExp(`${quote}$`), "");
      out += `${text.slice(at, valueAt)}${quote}${this.hide(inner)}${quote}`;
      at = endAt;
    }
    return out + text.slice(at);
  }

  /** Removes all known secrets from a text: as they are, encoded for a URL, or for JSON. */
  again(text: string): string {
    let clean = text;
    for (const secret of [...this.#known].sort((a, b) => b.length - a.length)) {
      for (const form of new Set([secret, encoded(secret), JSON.stringify(secret).slice(1, -1)]))
        clean = clean.replaceAll(form, REDACTED);
    }
    return clean;
  }
}

function isNamedSecret(name: string, isParameter: boolean): boolean {
  const plain = decoded(name);
  return isSecretName(plain) || (isParameter && plain.toLowerCase() === "code");
}

function at(secret: string): string {
  return secret.endsWith("@") ? "@" : "";
}

function encoded(text: string): string {
  // A lone surrogate cannot be encoded.
  return text.isWellFormed() ? encodeURIComponent(text) : text;
}

/** Decodes several times, because the text may have been encoded several times. */
export function decoded(text: string): string {
  let current = text;
  for (let round = 0; round < 3 && current.includes("%"); round++) {
    try {
      const next = decodeURIComponent(current);
      if (next === current) break;
      current = next;
    } catch {
      // The encoding is broken in one place. The rest can still be decoded.
      return current.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    }
  }
  return current;
}
