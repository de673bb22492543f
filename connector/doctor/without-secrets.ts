const REDACTED = "[redacted]";
/** Shorter secrets would be found everywhere by chance. */
const MIN_SECRET_LENGTH = 6;
const SECRET_NAME = /pass|secret|token|credential|auth|cookie|key|session|signature/i;
/** Names that look like secrets' names, but are not. */
const HARMLESS = /^(?:kid|keyFile|certFile|caFile|tokenFile|tunnelId)$/i;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Tokens and keys of this product, whole or cut. Names of metrics begin in the same way.
  [/culvert_(?!connector_|relay_)[A-Za-z0-9_-]{20,}/g, REDACTED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(Bearer|Basic|Digest|Negotiate) +[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?/g, REDACTED],
  // Of a URL.
  [/(\w:\/\/)[^/\s@"']+@/g, `$1${REDACTED}@`],
  [/([\w/.~%)-])\?[^\s"'`<>]+/g, `$1?${REDACTED}`],
  // `password=…`, `api-key: …`. What is before such a name stays as it is, so the pattern does not begin with it: it would take seconds for
  // a long word.
  [
    /((?:(?:pass(?:word|wd|phrase)?|secret|token|credential|api[-_]?key|private[-_]?key|authorization|cookie))\s*[=:]\s*)(?!\[redacted\])("[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1${REDACTED}`,
  ],
];

/** The text without secrets, to give to others. `secrets`: known secret values. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), ...inBase64(secret)])
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    // The longest first, because it may contain a shorter one.
    .sort((a, b) => b.length - a.length);
  const masked = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return PATTERNS.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), masked);
}

/** The value without secrets in any of its texts, and without any value whose name suggests a secret. */
export function valueWithoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return withoutSecrets(value, secrets);
  if (Array.isArray(value)) return value.map((item) => valueWithoutSecrets(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const isSecret = SECRET_NAME.test(name) && !HARMLESS.test(name) && typeof inner !== "boolean";
      return [withoutSecrets(name, secrets), isSecret ? REDACTED : valueWithoutSecrets(inner, secrets)];
    }),
  );
}

/** A log line is JSON; on a terminal, text. */
export function lineWithoutSecrets(line: string, secrets: readonly string[]): string {
  try {
    return JSON.stringify(valueWithoutSecrets(JSON.parse(line), secrets));
  } catch {
    return withoutSecrets(line, secrets);
  }
}

function inBase64(text: string): string[] {
  const bytes = Buffer.from(text);
  return [bytes.toString("base64"), bytes.toString("base64url")];
}
