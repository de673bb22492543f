import { isUtf8 } from "node:buffer";
import {
  contentLengthOf,
  isMethodOverride,
  isPathOverride,
  joinCookies,
  removeForbiddenTrailers,
  removeHopByHop,
  trimBlanks,
} from "../../shared/http/index.ts";
import type { Field } from "../../shared/protocol/index.ts";
import { parseAuthority } from "../../shared/services/index.ts";
import type { ServiceLimits } from "./service-limits.ts";

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const BEYOND_ASCII = /[^\x00-\x7f]/;

/** Host: the target decides it. Expect: the tunnel cannot delay a body until a 100 arrives. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(["host", "expect"]);

/** Fields of a WebSocket handshake that each hop writes anew. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
  // Node refuses this field in a request without a body.
  "trailer",
]);

/** Text as the Latin-1 string of its UTF-8 bytes: what Node's HTTP clients write byte for byte. */
export function wireText(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/** The fields to send upstream, from those that the head's codec accepted. `limits` are the service's. */
export function requestFields(
  fields: readonly Field[],
  limits: Pick<ServiceLimits, "methods" | "paths">,
): readonly Field[] {
  const kept = fields.filter(
    ([name]) =>
      !NOT_FORWARDED.has(name) &&
      (limits.paths === null || !isPathOverride(name)) &&
      (limits.methods === null || !isMethodOverride(name)),
  );
  return joinCookies(kept);
}

/** The authority that the relay asks for instead of the target's. Null: it asks for none, or for one that is not valid. */
export function wantedHost(fields: readonly Field[]): string | null {
  const value = fields.find(([name]) => name === "host")?.[1];
  return value === undefined ? null : parseAuthority(value);
}

/** The fields with this `traceparent` instead of the caller's. Null: unchanged. */
export function withTraceparent(fields: readonly Field[], traceparent: string | null): readonly Field[] {
  if (traceparent === null) return fields;
  return [...fields.filter(([name]) => name !== "traceparent"), ["traceparent", traceparent]];
}

/** Names and values in turn, as they go on the wire. */
export function rawHeadersOf(fields: readonly Field[]): string[] {
  const raw: string[] = [];
  for (const [name, value] of fields) raw.push(name, wireText(value));
  return raw;
}

/**
 * The reverse: decodes a Latin-1 string whose characters are UTF-8 bytes. Text that is not valid UTF-8 stays as it is, with
 * U+0080 to U+00FF for its bytes. So no byte is lost, and text that was meant as Latin-1 is read correctly.
 */
export function receivedText(latin1: string): string {
  if (!BEYOND_ASCII.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : latin1;
}

/** Fields as Node gives them: names and Latin-1 values in turn, and HTTP/2's pseudo-fields, which are left out. */
export function receivedFields(raw: readonly string[]): readonly Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (name.startsWith(":")) continue;
    fields.push([name.toLowerCase(), trimBlanks(receivedText(raw[i + 1] ?? ""))]);
  }
  return fields;
}

/** The fields of an upstream's head as they go on the wire to the relay. */
export function responseFields(status: number, received: readonly Field[]): readonly Field[] {
  const fields = removeHopByHop(received);
  // RFC 9112 §6.3: a transfer coding overrides the length. RFC 9110 §8.6: a 204 has none.
  const lengthless = status === 204 || received.some(([name]) => name === "transfer-encoding");
  return lengthless ? fields.filter(([name]) => name !== "content-length") : withOneLength(fields);
}

/** The value of a response's Content-Length. Repetitions, in a list or in several fields, count once (RFC 9110 §8.6). */
export function lengthOf(fields: readonly Field[]): number | null | "invalid" {
  const single = contentLengthOf(fields);
  if (single !== "invalid") return single;
  const said = new Set<string>();
  for (const [name, value] of fields) {
    if (name === "content-length") for (const member of value.split(",")) said.add(trimBlanks(member));
  }
  const [text = ""] = said;
  return said.size > 1 ? "invalid" : contentLengthOf([["content-length", text]]);
}

/** Joins equal lengths to one field, as the relay and most readers expect. Different lengths stay, and are refused later. */
function withOneLength(fields: readonly Field[]): readonly Field[] {
  if (contentLengthOf(fields) !== "invalid") return fields;
  const length = lengthOf(fields);
  if (length === "invalid" || length === null) return fields;
  const others = fields.filter(([name]) => name !== "content-length");
  return [...others, ["content-length", String(length)]];
}

export function trailerFields(received: readonly Field[]): readonly Field[] {
  return received.length === 0 ? received : removeForbiddenTrailers(received);
}

export function withoutHandshakeFields(fields: readonly Field[]): readonly Field[] {
  return fields.filter(([name]) => !HANDSHAKE_FIELDS.has(name));
}
