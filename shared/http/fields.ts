import type { Field } from "./field.ts";

/** RFC 9110 §5.6.2: the characters of a token, by code. */
const TOKEN_CHARACTERS = new Uint8Array(128);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN_CHARACTERS[character.charCodeAt(0)] = 1;
}

/** Fields that concern one hop (RFC 9110 §7.6.1), and the credentials meant for a proxy itself (§11.7). */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Fields meant for the upstream. They are kept even if `Connection` names them. */
const END_TO_END: ReadonlySet<string> = new Set([
  "authorization",
  "cdn-loop",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "forwarded",
  "host",
  "origin",
  "traceparent",
  "tracestate",
  "via",
  "x-forwarded",
  "x-real-ip",
]);
const END_TO_END_PREFIXES = /^(?:x-forwarded-|cf-)/;

/** RFC 9110 §6.5.1: framing, routing, authentication, control and content format may not stand in trailers. */
const FORBIDDEN_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "age",
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "expires",
  "host",
  "location",
  "max-forwards",
  "range",
  "retry-after",
  "set-cookie",
  "trailer",
  "vary",
  "warning",
  "www-authenticate",
]);

/** A method or a field name of any case. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (TOKEN_CHARACTERS[text.charCodeAt(i)] !== 1) return false;
  }
  return text.length > 0;
}

/** A field name as it goes on the wire: a token without upper-case letters. */
export function isFieldName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN_CHARACTERS[code] !== 1 || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return name.length > 0;
}

/** No control characters but the tab (RFC 9110 §5.5). Text beyond ASCII is UTF-8 when it leaves. */
export function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}

/** CONNECT and TRACE concern a single hop, so the tunnel cannot carry them. */
export function isRequestMethod(method: string): boolean {
  return isToken(method) && method !== "CONNECT" && method !== "TRACE";
}

/** Origin form (RFC 9112 §3.2.1), kept byte for byte: whatever follows the first slash stays a path. */
export function isRequestPath(path: string): boolean {
  if (path.charCodeAt(0) !== 0x2f) return false;
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return false;
  }
  return true;
}

/** Without hop-by-hop fields and whatever `Connection` names. The same array when there are none. */
export function removeHopByHop(fields: readonly Field[]): readonly Field[] {
  let named: Set<string> | undefined;
  let found = false;
  for (const [name, value] of fields) {
    if (!HOP_BY_HOP.has(name)) continue;
    found = true;
    // Mostly `keep-alive`, which is removed anyway.
    if (name !== "connection" || HOP_BY_HOP.has(value)) continue;
    // One set for all: an upstream may send thousands of these fields.
    named ??= new Set();
    for (const option of connectionOptions(value)) named.add(option);
  }
  if (!found) return fields;
  return fields.filter(([name]) => !HOP_BY_HOP.has(name) && named?.has(name) !== true);
}

/**
 * The names in a Connection field that are removed. Fields meant for the upstream are not (RFC 9110 §7.6.1). Otherwise a client
 * could name them and make the relay remove fields that the gateway has set.
 */
export function connectionOptions(value: string): Set<string> {
  const names = value.split(",").map((option) => option.trim().toLowerCase());
  return new Set(names.filter((name) => !END_TO_END.has(name) && !END_TO_END_PREFIXES.test(name)));
}

/**
 * The name as CGI and its successors read it. An environment variable does not distinguish characters other than letters and
 * digits, so `X_Forwarded_Host` and `X.Forwarded.Host` pass for `X-Forwarded-Host`.
 */
export function dashedName(name: string): string {
  return /[^a-z0-9-]/.test(name) ? name.replace(/[^a-z0-9]/g, "-") : name;
}

export function removeForbiddenTrailers(fields: readonly Field[]): readonly Field[] {
  return fields.filter(([name]) => !FORBIDDEN_IN_TRAILERS.has(name));
}

/** Several `cookie` fields become one, at the place of the first (RFC 9113 §8.2.3): a comma would join them wrongly. */
export function joinCookies(fields: readonly Field[]): readonly Field[] {
  const cookies: string[] = [];
  for (const [name, value] of fields) if (name === "cookie") cookies.push(value);
  if (cookies.length < 2) return fields;
  let placed = false;
  return fields.flatMap((field): Field[] => {
    if (field[0] !== "cookie") return [field];
    if (placed) return [];
    placed = true;
    return [["cookie", cookies.join("; ")]];
  });
}

/** Bytes that a Content-Length promises; null without one; "invalid" for lists, signs, duplicates, more than 2^53-1. */
export function contentLengthOf(fields: readonly Field[]): number | null | "invalid" {
  let length: number | null = null;
  for (const [name, value] of fields) {
    if (name !== "content-length") continue;
    if (length !== null || !/^\d{1,16}$/.test(value)) return "invalid";
    length = Number(value);
    if (!Number.isSafeInteger(length)) return "invalid";
  }
  return length;
}
