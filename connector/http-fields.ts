import { joinCookies, removeForbiddenTrailers, removeHopByHop } from "../shared/http/fields.ts";
import type { Field } from "../shared/protocol/head.ts";

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const BEYOND_ASCII = /[^\x00-\x7f]/;

/** The target is the authority, and a tunnel cannot hold a body back until a 100 comes. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(["host", "expect"]);

/** Fields of a WebSocket handshake that each hop makes for itself. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/** Text as the Latin-1 string of its UTF-8 bytes: what Node's HTTP clients write byte for byte. */
export function wireText(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/** What goes upstream of the fields that the head's codec has let through. */
export function requestFields(fields: readonly Field[]): readonly Field[] {
  return joinCookies(fields.filter(([name]) => !NOT_FORWARDED.has(name)));
}

/** With this `traceparent` instead of the caller's; null: as they are. */
export function withTraceparent(fields: readonly Field[], traceparent: string | null): readonly Field[] {
  if (traceparent === null) return fields;
  return [...fields.filter(([name]) => name !== "traceparent"), ["traceparent", traceparent]];
}

/** Names and values in turn, as undici takes them. */
export function rawHeadersOf(fields: readonly Field[]): string[] {
  const raw: string[] = [];
  for (const [name, value] of fields) raw.push(name, wireText(value));
  return raw;
}

/** What an upstream's head becomes on the wire; `raw` holds names and values in turn. */
export function responseFields(status: number, raw: readonly Buffer[]): readonly Field[] {
  const received = fieldsOf(raw);
  const fields = removeHopByHop(received);
  // RFC 9112 §6.3: a transfer coding overrides the length. RFC 9110 §8.6: a 204 has none.
  const lengthless = status === 204 || received.some(([name]) => name === "transfer-encoding");
  return lengthless ? fields.filter(([name]) => name !== "content-length") : fields;
}

export function trailerFields(raw: readonly Buffer[]): readonly Field[] {
  return raw.length === 0 ? [] : removeForbiddenTrailers(fieldsOf(raw));
}

export function withoutHandshakeFields(fields: readonly Field[]): readonly Field[] {
  return fields.filter(([name]) => !HANDSHAKE_FIELDS.has(name));
}

function fieldsOf(raw: readonly Buffer[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toString("latin1") ?? "";
    const value = raw[i + 1]?.toString("utf8") ?? "";
    fields.push([name.toLowerCase(), value.replace(/[ \t]+$/, "")]);
  }
  return fields;
}
