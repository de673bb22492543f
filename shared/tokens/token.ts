import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { crc32Hex } from "./crc32.ts";

/** What a connector's token says: where the relay is, which tunnel, which token, and the proof. */
export interface Token {
  /** Origin of the relay, `https://host` or, on one machine, `http://127.0.0.1:port`. */
  relayUrl: string;
  tunnelId: string;
  /** Names the token in the API and in logs. It is not secret. */
  kid: string;
  /** 32 random bytes. The relay keeps only their SHA-256. */
  secret: Uint8Array;
}

/**
 * What a connector without a secret of its own attaches as: an identity that the tunnel trusts. Its proof is a JSON Web
 * Token of the identity's issuer. Nothing here is a secret.
 */
export type Identity = Omit<Token, "secret">;

/** Names the identity in a handshake whose Authorization is such a token: `tnl_…/wid_…`. */
export const IDENTITY_FIELD = "culvert-workload-identity";

const SECRET_BYTES = 32;

/** Finds every secret this project hands out (tunnel tokens, API keys, gateway keys) in text: for leak scanners. */
export const SECRET_PATTERN = /culvert_[A-Za-z0-9_-]{60,800}_[0-9a-f]{8}/;

const PREFIX = "culvert_";
const WHOLE_TOKEN = /^(culvert_([A-Za-z0-9_-]{80,800}))_([0-9a-f]{8})$/;
const FORMAT_VERSION = 1;
const TUNNEL_ID = "tnl_(?:(?:eu|us|fedramp)_)?[a-z2-7]{20}";
const NAMES = new RegExp(`^(${TUNNEL_ID}) (k_[a-z2-7]{12}) (https?://[A-Za-z0-9.:[\\]_-]+)$`);

/** `culvert_` + base64url(version, secret, "tunnelId kid relayUrl") + `_` + CRC-32 of all before it. */
export function formatToken(token: Token): string {
  const names = `${token.tunnelId} ${token.kid} ${token.relayUrl}`;
  if (token.secret.length !== SECRET_BYTES || !NAMES.test(names)) {
    throw new RangeError("a token needs a 32-byte secret, well-formed ids and the origin of a relay");
  }
  const payload = new Uint8Array(1 + SECRET_BYTES + names.length);
  payload[0] = FORMAT_VERSION;
  payload.set(token.secret, 1);
  for (let index = 0; index < names.length; index++) {
    payload[1 + SECRET_BYTES + index] = names.charCodeAt(index);
  }
  return withChecksum(PREFIX + encodeBase64url(payload));
}

/** Checks the checksum before anything else. The problem says what to change, and never repeats any of the text. */
export function parseToken(text: string): { ok: true; token: Token } | { ok: false; problem: string } {
  const [, body, payloadText, checksum] = WHOLE_TOKEN.exec(text) ?? [];
  if (body === undefined || payloadText === undefined) return { ok: false, problem: problemWith(text) };
  if (crc32Hex(body) !== checksum) {
    const isTwice = text.includes(PREFIX, 1);
    return { ok: false, problem: isTwice ? problemWith(text) : "wrong checksum: cut short or mistyped" };
  }
  const payload = decodeBase64url(payloadText);
  if (payload === null || payload[0] !== FORMAT_VERSION) return { ok: false, problem: "unknown format" };
  const secret = payload.slice(1, 1 + SECRET_BYTES);
  const names = String.fromCharCode(...payload.subarray(1 + SECRET_BYTES));
  const [, tunnelId, kid, relayUrl] = NAMES.exec(names) ?? [];
  if (tunnelId === undefined || kid === undefined || relayUrl === undefined) {
    return { ok: false, problem: "unknown format" };
  }
  return { ok: true, token: { relayUrl, tunnelId, kid, secret } };
}

const IDENTITY_NAMES = new RegExp(`^(${TUNNEL_ID})/(wid_[a-z2-7]{12})$`);
const IDENTITY_PATH = new RegExp(`^/v1/tunnels/(${TUNNEL_ID})/identities/(wid_[a-z2-7]{12})$`);

/** The identity's URL in the admin API, which is all that a connector needs to know about it. */
export function formatIdentity({ relayUrl, tunnelId, kid }: Identity): string {
  return `${relayUrl}/v1/tunnels/${tunnelId}/identities/${kid}`;
}

/** Null for anything that `formatIdentity` would not have written. */
export function parseIdentity(text: string): Identity | null {
  const url = URL.parse(text);
  const [, tunnelId, kid] = IDENTITY_PATH.exec(url?.pathname ?? "") ?? [];
  if (url === null || tunnelId === undefined || kid === undefined) return null;
  const identity = { relayUrl: url.origin, tunnelId, kid };
  return formatIdentity(identity) === text ? identity : null;
}

/** Of the field; null for anything else. */
export function parseIdentityNames(text: string): Pick<Identity, "tunnelId" | "kid"> | null {
  const [, tunnelId, kid] = IDENTITY_NAMES.exec(text) ?? [];
  return tunnelId === undefined || kid === undefined ? null : { tunnelId, kid };
}

/** Common mistakes in place of a token, with what to do about each. The first one that matches is reported. */
const MISTAKES: readonly (readonly [form: RegExp, problem: string])[] = [
  [/^\s*$/, "is empty"],
  [/[\0\uFFFD]/, "is not UTF-8 (perhaps UTF-16): save it as plain text"],
  [/^\uFEFF/, "begins with a byte order mark: save it as UTF-8 without one"],
  [/^["'`\u2018\u201C]|["'`\u2019\u201D]$/, "is in quotes: remove them"],
  [/^Bearer\b/i, 'begins with "Bearer": give what follows it'],
  [/^(export\s+)?[A-Za-z_][A-Za-z0-9_]*=/, "is a line NAME=VALUE: give only the value"],
  [/^[{[]/, "is JSON: give only the token"],
  [/^https?:/i, "is a URL, not a token"],
  [/^culvert_(api|gateway|session)_/, "is another kind of key, not a tunnel's token"],
  [/^eyJ[\w-]*\.eyJ/, "is a JSON Web Token: set TUNNEL_IDENTITY to the identity that it proves"],
  [
    /\p{Cf}/u,
    "contains an invisible character, probably from a web page or a chat: copy it again as plain text",
  ],
  [/culvert_.*culvert_/s, "is there twice, or there is more than one"],
  [/^culvert_.*\s/s, "contains a blank or a line break: it was wrapped, or there is more than one"],
  [/^culvert_/, "not a culvert token: cut short, or something was added"],
];

function problemWith(text: string): string {
  return MISTAKES.find(([form]) => form.test(text))?.[1] ?? "not a culvert token";
}

export function withChecksum(text: string): string {
  return `${text}_${crc32Hex(text)}`;
}
