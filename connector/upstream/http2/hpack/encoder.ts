import { STATIC_TABLE } from "./static-table.ts";

const WITHOUT_INDEXING = 0x00;
/** Tells later hops, too, not to put the field in a table (RFC 7541 §7.1.3). */
const NEVER_INDEXED = 0x10;
const INDEX_BITS = 4;
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie"]);

const indexOfField = new Map<string, number>();
const indexOfName = new Map<string, number>();
for (const [at, { name, value }] of STATIC_TABLE.entries()) {
  indexOfField.set(`${name}\n${value}`, at + 1);
  if (!indexOfName.has(name)) indexOfName.set(name, at + 1);
}

/** Sent first: a size update that sets our table's size to 0. */
const EMPTY_TABLE = 0x20;

/**
 * Encodes names and Latin-1 values in turn as a header block. It uses only the static table, so a block does not depend
 * on earlier ones, and any table size of the peer is enough. The first block of a connection announces this, because a peer
 * that allows less than the default waits for the announcement (RFC 7541 §4.2).
 */
export function encodeHeaders(raw: readonly string[], first: boolean): Buffer {
  let capacity = 1;
  // An integer takes at most five bytes here, and a field has three.
  for (const text of raw) capacity += text.length + 10;
  const bytes = Buffer.allocUnsafe(capacity);
  let at = 0;
  if (first) bytes[at++] = EMPTY_TABLE;
  const integer = (value: number, prefixBits: number, flags: number): void => {
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      bytes[at++] = flags | value;
      return;
    }
    bytes[at++] = flags | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = 0x80 | (rest & 0x7f);
    bytes[at++] = rest;
  };
  const string = (text: string): void => {
    integer(text.length, 7, 0);
    at += bytes.write(text, at, "latin1");
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    const whole = indexOfField.get(`${name}\n${value}`);
    if (whole !== undefined) {
      integer(whole, 7, 0x80);
      continue;
    }
    const known = indexOfName.get(name) ?? 0;
    integer(known, INDEX_BITS, SECRET.has(name) ? NEVER_INDEXED : WITHOUT_INDEXING);
    if (known === 0) string(name);
    string(value);
  }
  return bytes.subarray(0, at);
}
