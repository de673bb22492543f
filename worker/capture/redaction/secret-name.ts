/** In a name without its separators. */
const ANYWHERE =
  /passw|passphrase|passcode|secret|token|credential|authorization|cookie|signature|apikey|accesskey|privatekey|sessionid|assertion|samlre|jwt|bearer|csrf|xsrf/;
/** As a word of a name. */
const WORDS: ReadonlySet<string> = new Set([
  ...[
    "auth",
    "key",
    "keys",
    "pwd",
    "pass",
    "pin",
    "otp",
    "totp",
    "cvv",
    "cvc",
    "sig",
    "session",
    "sid",
    "hmac",
  ],
]);
/** Named alike, and no secrets. */
const HARMLESS =
  /^(?:(?:max|min|total|prompt|completion|input|output|reasoning|cached|num)\w{0,20}tokens?(?:details)?|tokens?(?:count|used|type|limit|usage)|(?:idempotency|primary|foreign|partition|sort|cache|routing)key|secwebsocketkey|accesscontrol\w+)$/;

const MAX_NAME_LENGTH = 200;

/** Whether a value with this name is usually a secret. For fields, parameters, keys of JSON and elements of XML. */
export function isSecretName(name: string): boolean {
  const words = name
    .slice(0, MAX_NAME_LENGTH)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const joined = words.join("");
  if (HARMLESS.test(joined)) return false;
  return ANYWHERE.test(joined) || words.some((word) => WORDS.has(word));
}
