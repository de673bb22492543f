import { isFieldValue, isToken } from "../../../shared/http/index.ts";
import { type Field, MAX_HEAD_BYTES, TunnelError } from "../../../shared/protocol/index.ts";
import { receivedText } from "../http-fields.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;

/** Where a byte may stand. */
const IN_NAME = 1;
const IN_VALUE = 2;
const BEYOND_ASCII = 4;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const kind = (isToken(character) ? IN_NAME : 0) | (isFieldValue(character) ? IN_VALUE : 0);
  return byte < 0x80 ? kind : kind | BEYOND_ASCII;
});

/** `HTTP/1.x NNN` and the byte behind it, be it a space or the line's end. */
const VERSION = "HTTP/1.";
const STATUS_AT = 9;
const AFTER_STATUS = 12;

/** Some servers end a body with one that its length does not count; who sends more is asked no further. */
const MAX_EMPTY_LINES = 4;

/** On the wire a head has more than names and values; over this it need not even be looked at. */
const MAX_WIRE_BYTES = 1.5 * MAX_HEAD_BYTES;

/**
 * Reads one head, or the fields that trail a chunked body, up to and with the empty line; each byte once, however
 * they come. Throws UPSTREAM_PROTOCOL at the first byte that is wrong, and takes no more than RFC 9112 says, with two
 * exceptions that can be read in one way only (docs/upstreams.md has all that is taken and refused):
 *
 * - a few empty lines may precede a status line.
 * - §4 a status line is `HTTP/1.0` or `HTTP/1.1`, one space, three digits and, behind another space, any text. Some
 *   servers leave that space out when they have no text to say.
 * - §2.2 a line ends with CR LF, neither of which stands alone anywhere.
 * - §5.1 a name is a token. Blanks between it and its colon are removed, as a proxy has to.
 * - §5.2 no line is the continuation of another.
 * - RFC 9110 §5.5 a value has no control characters but the tab.
 */
export class HeadReader {
  minorVersion = 1;
  status = 0;
  reason = "";
  /** Names in lower case, values without the blanks around them, in the order of the wire. */
  fields: readonly Field[] = [];
  /** What came of a head that is not complete. */
  #held: Buffer | null = null;
  #phase: "status" | "name" | "blank" | "value" = "status";
  // Positions are the head's own.
  #at = 0;
  #lineAt = 0;
  #colonAt = 0;
  /** Of each line its start, its colon and its end. The status line's colon is its last digit. */
  readonly #cuts: number[] = [];
  #cutCount = 0;
  #hasStatus = true;
  #seen = 0;
  #emptyLines = 0;

  begin(what: "head" | "trailers"): void {
    this.#hasStatus = what === "head";
    this.#phase = this.#hasStatus ? "status" : "name";
    this.#held = null;
    this.#at = 0;
    this.#lineAt = 0;
    this.#cutCount = 0;
    this.#seen = 0;
    this.#emptyLines = 0;
  }

  /** Where in `bytes` the head that starts or goes on at `start` ends; -1: not in there, and it is kept. */
  read(bytes: Buffer, start: number): number {
    const held = this.#held;
    if (held === null) return this.#readFrom(bytes, start);
    const end = this.#readFrom(Buffer.concat([held, bytes.subarray(start)]), 0);
    return end === -1 ? -1 : end - held.byteLength + start;
  }

  #readFrom(bytes: Buffer, from: number): number {
    const start = this.#skipEmptyLines(bytes, from);
    const end = this.#scan(bytes, start);
    if ((end === -1 ? bytes.byteLength : end) - start > MAX_WIRE_BYTES) throw tooLarge();
    // A copy: a view would hold on to the whole of what was read.
    const isView = this.#held === null;
    if (end === -1) this.#held = isView ? Buffer.from(bytes.subarray(start)) : bytes.subarray(start);
    else this.#cut(bytes, start, end);
    return end;
  }

  #skipEmptyLines(bytes: Buffer, from: number): number {
    let start = from;
    if (this.#phase !== "status") return start;
    while (bytes[start] === CR && bytes[start + 1] === LF) {
      if (++this.#emptyLines > MAX_EMPTY_LINES) throw malformed("empty lines without end");
      start += 2;
    }
    return start;
  }

  #scan(bytes: Buffer, start: number): number {
    const { byteLength } = bytes;
    if (this.#phase === "status" && !this.#scanStatus(bytes, start)) return -1;
    let at = start + this.#at;
    for (;;) {
      if (this.#phase === "name") {
        while (at < byteLength && ((KINDS[bytes[at] ?? 0] ?? 0) & IN_NAME) !== 0) at++;
        this.#at = at - start;
        if (at === byteLength) return -1;
        if (this.#at === this.#lineAt) {
          if (bytes[at] !== CR) throw malformed("a field has no name");
          if (at + 1 === byteLength) return -1;
          if (bytes[at + 1] !== LF) throw malformed("a line does not end with CR LF");
          return at + 2;
        }
        this.#phase = "blank";
      }
      if (this.#phase === "blank") {
        while (at < byteLength && isBlank(bytes[at] ?? 0)) at++;
        this.#at = at - start;
        if (at === byteLength) return -1;
        if (bytes[at] !== COLON) throw malformed("a field's name is no token with a colon");
        this.#colonAt = this.#at;
        this.#phase = "value";
        at++;
      }
      let kind = IN_VALUE;
      let seen = this.#seen;
      while (at < byteLength && ((kind = KINDS[bytes[at] ?? 0] ?? 0) & IN_VALUE) !== 0) {
        seen |= kind;
        at++;
      }
      this.#seen = seen;
      this.#at = at - start;
      if (at === byteLength) return -1;
      if (bytes[at] !== CR) throw malformed("a control character in the head");
      if (at + 1 === byteLength) return -1;
      if (bytes[at + 1] !== LF) throw malformed("a line does not end with CR LF");
      this.#note(this.#lineAt, this.#colonAt, this.#at);
      at += 2;
      this.#at = at - start;
      this.#lineAt = this.#at;
      this.#phase = "name";
    }
  }

  #scanStatus(bytes: Buffer, start: number): boolean {
    // An empty line that is cut in the middle.
    if (bytes.byteLength - start === 1 && bytes[start] === CR) return false;
    const here = Math.min(bytes.byteLength - start, VERSION.length);
    for (let i = 0; i < here; i++) {
      if (bytes[start + i] !== VERSION.charCodeAt(i)) throw malformed("it does not start as HTTP/1 does");
    }
    if (bytes.byteLength - start <= AFTER_STATUS) return false;
    this.minorVersion = digit(bytes, start + VERSION.length);
    if (!(this.minorVersion <= 1)) throw malformed("its version is neither HTTP/1.0 nor HTTP/1.1");
    const at = start + STATUS_AT;
    const status = digit(bytes, at) * 100 + digit(bytes, at + 1) * 10 + digit(bytes, at + 2);
    const before = bytes[at - 1];
    const after = bytes[start + AFTER_STATUS];
    if (before !== SP || !(after === SP || after === CR) || !(status >= 100)) {
      throw malformed("its status line has no status of three digits");
    }
    this.status = status;
    this.#colonAt = AFTER_STATUS - 1;
    this.#at = AFTER_STATUS;
    this.#phase = "value";
    return true;
  }

  #note(lineAt: number, colonAt: number, lineEnd: number): void {
    const cuts = this.#cuts;
    const count = this.#cutCount;
    cuts[count] = lineAt;
    cuts[count + 1] = colonAt;
    cuts[count + 2] = lineEnd;
    this.#cutCount = count + 3;
  }

  #cut(bytes: Buffer, start: number, end: number): void {
    const fields: Field[] = [];
    this.fields = fields;
    if (this.#cutCount === 0) return;
    // Decoded once; its parts share it.
    const text = bytes.toString("latin1", start, end);
    const ascii = (this.#seen & BEYOND_ASCII) === 0;
    const cuts = this.#cuts;
    let size = 0;
    for (let i = 0; i < this.#cutCount; i += 3) {
      const nameAt = cuts[i] ?? 0;
      const colonAt = cuts[i + 1] ?? 0;
      let valueAt = colonAt + 1;
      let valueEnd = cuts[i + 2] ?? 0;
      while (valueAt < valueEnd && isBlank(text.charCodeAt(valueAt))) valueAt++;
      while (valueAt < valueEnd && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
      const latin1 = text.slice(valueAt, valueEnd);
      const value = ascii ? latin1 : receivedText(latin1);
      if (i === 0 && this.#hasStatus) {
        this.reason = value;
      } else {
        let nameEnd = colonAt;
        while (isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--;
        fields.push([text.slice(nameAt, nameEnd).toLowerCase(), value]);
        size += nameEnd - nameAt + valueEnd - valueAt;
      }
    }
    if (size > MAX_HEAD_BYTES) throw tooLarge();
  }
}

/** NaN: none. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] ?? 0) - 0x30;
  return value >= 0 && value <= 9 ? value : NaN;
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}

function tooLarge(): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", "the response head is too large");
}

function malformed(why: string): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", `the response is no valid HTTP/1.1: ${why}`);
}
