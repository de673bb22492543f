import { isFieldValue, isToken } from "../../../shared/http/index.ts";
import { GrowingPiece } from "../../../shared/memory/growing-piece.ts";
import { type Field, MAX_HEAD_BYTES, TunnelError } from "../../../shared/protocol/index.ts";
import { receivedText } from "../http-fields.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;

/** Where a byte is allowed. */
const IN_NAME = 1;
const IN_VALUE = 2;
const BEYOND_ASCII = 4;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const kind = (isToken(character) ? IN_NAME : 0) | (isFieldValue(character) ? IN_VALUE : 0);
  return byte < 0x80 ? kind : kind | BEYOND_ASCII;
});

/** `HTTP/1.x NNN` and the byte after it, which is a space or the line's end. */
const VERSION = "HTTP/1.";
const STATUS_AT = 9;
const AFTER_STATUS = 12;

/** Some servers send a line end after a body that the length does not count. A few are skipped, more are refused. */
const MAX_EMPTY_LINES = 4;

/** A head on the wire is larger than its names and values. One over this size is refused before it is parsed. */
const MAX_WIRE_BYTES = 1.5 * MAX_HEAD_BYTES;

/**
 * Reads one head, or the trailers of a chunked body, up to and including the empty line. It reads each byte once, however
 * the bytes are cut. It throws UPSTREAM_PROTOCOL at the first wrong byte. It accepts only what RFC 9112 allows, with two
 * unambiguous exceptions (docs/upstreams.md lists what is accepted and refused):
 *
 * - A few empty lines may precede a status line.
 * - §4: a status line is `HTTP/1.0` or `HTTP/1.1`, one space, three digits, another space and any text. Some servers leave
 *   out the second space if there is no text.
 * - §2.2: a line ends with CR LF, and neither of them appears alone.
 * - §5.1: a name is a token. Blanks between it and the colon are removed, as a proxy has to.
 * - §5.2: no line continues another.
 * - RFC 9110 §5.5: a value has no control characters except the tab.
 */
export class HeadReader {
  minorVersion = 1;
  status = 0;
  reason = "";
  /** In the order of the wire; names in lower case, values without surrounding blanks. */
  fields: readonly Field[] = [];
  /** The bytes so far of an incomplete head. */
  #held: Buffer | null = null;
  readonly #growing = new GrowingPiece(MAX_WIRE_BYTES);
  #phase: "status" | "name" | "blank" | "value" = "status";
  // Positions are relative to the head's first byte.
  #at = 0;
  #lineAt = 0;
  #colonAt = 0;
  /** Start, colon and end of each line. For the status line, the last digit counts as the colon. */
  readonly #cuts: number[] = [];
  #cutCount = 0;
  #hasStatus = true;
  #seen = 0;
  #emptyLines = 0;

  begin(what: "head" | "trailers"): void {
    this.#hasStatus = what === "head";
    this.#phase = this.#hasStatus ? "status" : "name";
    this.#held = null;
    this.#growing.forget();
    this.#at = 0;
    this.#lineAt = 0;
    this.#cutCount = 0;
    this.#seen = 0;
    this.#emptyLines = 0;
  }

  /** Reads from `start`. Returns where in `bytes` the head ends, or -1 if it does not end there; its bytes are then kept. */
  read(bytes: Buffer, start: number): number {
    const held = this.#held;
    if (held === null) return this.#readFrom(bytes, start);
    const { buffer, byteOffset, byteLength } = this.#growing.join(held, bytes.subarray(start));
    const end = this.#readFrom(Buffer.from(buffer, byteOffset, byteLength), 0);
    return end === -1 ? -1 : end - held.byteLength + start;
  }

  #readFrom(bytes: Buffer, from: number): number {
    const start = this.#skipEmptyLines(bytes, from);
    const end = this.#scan(bytes, start);
    if ((end === -1 ? bytes.byteLength : end) - start > MAX_WIRE_BYTES) throw tooLarge();
    // A copy, because a view would keep the whole buffer alive.
    const isView = this.#held === null;
    if (end === -1) this.#held = isView ? Buffer.from(bytes.subarray(start)) : bytes.subarray(start);
    else this.#cut(bytes, start, end);
    return end;
  }

  #skipEmptyLines(bytes: Buffer, from: number): number {
    let start = from;
    if (this.#phase !== "status") return start;
    while (bytes[start] === CR && bytes[start + 1] === LF) {
      if (++this.#emptyLines > MAX_EMPTY_LINES) throw malformed("too many empty lines");
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
        if (bytes[at] !== COLON) throw malformed("a field name is not a token with a colon after it");
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
    // The empty line was cut in the middle.
    if (bytes.byteLength - start === 1 && bytes[start] === CR) return false;
    const here = Math.min(bytes.byteLength - start, VERSION.length);
    for (let i = 0; i < here; i++) {
      if (bytes[start + i] !== VERSION.charCodeAt(i)) throw malformed("it does not start with HTTP/1");
    }
    if (bytes.byteLength - start <= AFTER_STATUS) return false;
    this.minorVersion = digit(bytes, start + VERSION.length);
    if (!(this.minorVersion <= 1)) throw malformed("its version is neither HTTP/1.0 nor HTTP/1.1");
    const at = start + STATUS_AT;
    const status = digit(bytes, at) * 100 + digit(bytes, at + 1) * 10 + digit(bytes, at + 2);
    const before = bytes[at - 1];
    const after = bytes[start + AFTER_STATUS];
    if (before !== SP || !(after === SP || after === CR) || !(status >= 100)) {
      throw malformed("its status line has no three-digit status");
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
    // Decoded once: names and values are slices of this string.
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

/** The digit at this position; NaN if there is none. */
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
  return new TunnelError("UPSTREAM_PROTOCOL", `the response is not valid HTTP/1.1: ${why}`);
}
