import { isFieldValue } from "../../../shared/http/index.ts";
import { type Field, TunnelError } from "../../../shared/protocol/index.ts";
import { type Framing, framingOf } from "./framing.ts";
import { HeadReader } from "./head.ts";

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;
const SP = 0x20;
const HTAB = 0x09;

/** Limit for one body, as in Node's servers. Nobody uses extensions, and without a limit a body of no bytes could go on for ever. */
const MAX_EXTENSION_BYTES = 16 * 1024;
/** More digits than a safe integer has. This also limits leading zeros. */
const MAX_SIZE_DIGITS = 16;

/** The value of each hexadecimal digit; -1 for other bytes. */
const HEX_DIGITS = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
});
/** What may follow a size on its line: `;name`, `;name=token` or `;name="any text"`, and blanks. */
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const BLANKS = "[ \\t]*";
const VALUE = `${BLANKS}=${BLANKS}(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`;
const EXTENSIONS = new RegExp(`^(?:${BLANKS};${BLANKS}${TOKEN}(?:${VALUE})?)*${BLANKS}$`);
const IN_EXTENSION = Uint8Array.from({ length: 256 }, (_, byte) =>
  isFieldValue(String.fromCharCode(byte)) ? 1 : 0,
);

export interface ResponseEvents {
  /** Any number of 1xx may come before the head. The receiver of this event limits them. */
  onInterimHead?(status: number, fields: readonly Field[]): void;
  onResponseHead(status: number, reason: string, fields: readonly Field[]): void;
  /** `bytes` is a view of the buffer that was fed. */
  onResponseData(bytes: Buffer): void;
}

/**
 * Parses one response after the other from the bytes of a connection. It knows no socket, keeps nothing of a body, and
 * consumes no byte after a response's end.
 *
 *     head ─┬─> counted ─────────────────────────────────────────> ended
 *      ^ 1xx├─> until close ─────────────────── finish() ────────> ended
 *      └────┴─> size ─> (extension) ─> size end ─┬─> trailers ───> ended
 *                ^                               └─> chunk ─> chunk CR ─> chunk LF ─┐
 *                └──────────────────────────────────────────────────────────────────┘
 *
 * A chunk's size (RFC 9112 §7.1) is hexadecimal digits, without a sign, a prefix or blanks before it. Blanks after it and
 * extensions (§7.1.1) are skipped. Trailers are parsed like the fields of a head. Answers to HEAD and answers with 204 or 304
 * have no body, whatever they announce. A 101 ends HTTP if the request asked for an upgrade, and is an error otherwise.
 */
export class ResponseParser {
  /** Null until a head is complete. */
  framing: Framing | null = null;
  trailers: readonly Field[] = [];
  /** The 101 that the request asked for. The bytes after it are not HTTP. */
  switched: { reason: string; fields: readonly Field[] } | null = null;
  readonly #head = new HeadReader();
  #events: ResponseEvents | null = null;
  #method = "";
  #maySwitch = false;
  #state:
    | "head"
    | "counted"
    | "until close"
    | "size"
    | "extension"
    | "size end"
    | "chunk"
    | "chunk CR"
    | "chunk LF"
    | "trailers"
    | "ended" = "ended";
  /** Bytes left of the body or of the chunk. */
  #leftBytes = 0;
  #sizeDigits = 0;
  #extension = "";
  #extensionBytes = 0;
  #halted = false;

  /** Expects the response to a request with this method. `maySwitch`: the request asked for another protocol. */
  begin(method: string, events: ResponseEvents, maySwitch = false): void {
    this.framing = null;
    this.trailers = [];
    this.switched = null;
    this.#maySwitch = maySwitch;
    this.#method = method;
    this.#events = events;
    this.#state = "head";
    this.#extensionBytes = 0;
    this.#head.begin("head");
  }

  /** The status of the last head. */
  get status(): number {
    return this.#head.status;
  }

  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Call it inside an event to stop consuming these bytes. A response that is complete still ends. */
  halt(): void {
    this.#halted = true;
  }

  /** Ignores the rest of the response. May be called inside an event. */
  stop(): void {
    this.#events = null;
    this.#state = "ended";
  }

  /** Consumes bytes from `start` and returns where it stopped: at their end, at the response's end, or where it was halted. */
  feed(bytes: Buffer, start: number): number {
    this.#halted = false;
    let at = start;
    while (at < bytes.byteLength && !this.#halted && this.#state !== "ended") at = this.#step(bytes, at);
    return at;
  }

  /** No more bytes will come. False: the response is incomplete. */
  finish(): boolean {
    if (this.#state === "until close") this.#state = "ended";
    return this.#state === "ended";
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at);
      case "counted":
      case "chunk":
        return this.#readCounted(bytes, at);
      case "until close":
        this.#events?.onResponseData(at === 0 ? bytes : bytes.subarray(at));
        return bytes.byteLength;
      case "size":
        return this.#readSize(bytes, at);
      case "extension":
        return this.#skipExtension(bytes, at);
      case "size end":
        expectByte(bytes[at], LF);
        this.#state = this.#leftBytes > 0 ? "chunk" : "trailers";
        if (this.#state === "trailers") this.#head.begin("trailers");
        return at + 1;
      case "chunk CR":
        expectByte(bytes[at], CR);
        this.#state = "chunk LF";
        return at + 1;
      case "chunk LF":
        expectByte(bytes[at], LF);
        this.#beginChunk();
        return at + 1;
      case "trailers":
        return this.#readTrailers(bytes, at);
      case "ended":
        return at;
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const head = this.#head;
    const end = head.read(bytes, at);
    if (end === -1) return bytes.byteLength;
    const { status, reason, fields } = head;
    if (status < 200) {
      if (status === 101) {
        if (!this.#maySwitch) throw violation("it switches protocols, which the request did not ask for");
        // RFC 9110 §7.8: only HTTP/1.1 has upgrades.
        if (head.minorVersion === 0) throw violation("it switches protocols over HTTP/1.0");
        this.switched = { reason, fields };
        this.#state = "ended";
        return end;
      }
      head.begin("head");
      this.#events?.onInterimHead?.(status, fields);
      return end;
    }
    const framing = framingOf(this.#method, status, head.minorVersion, fields);
    this.framing = framing;
    if (framing.body === "until close") {
      this.#state = "until close";
    } else if (framing.body === "chunked") {
      this.#beginChunk();
    } else {
      this.#leftBytes = framing.body;
      this.#state = framing.body === 0 ? "ended" : "counted";
    }
    this.#events?.onResponseHead(status, reason, fields);
    return end;
  }

  #readCounted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.byteLength, at + this.#leftBytes);
    this.#leftBytes -= end - at;
    if (this.#leftBytes === 0) this.#state = this.#state === "chunk" ? "chunk CR" : "ended";
    const whole = at === 0 && end === bytes.byteLength;
    this.#events?.onResponseData(whole ? bytes : bytes.subarray(at, end));
    return end;
  }

  #beginChunk(): void {
    this.#state = "size";
    this.#leftBytes = 0;
    this.#sizeDigits = 0;
  }

  #readSize(bytes: Buffer, start: number): number {
    for (let at = start; at < bytes.byteLength; at++) {
      const byte = bytes[at] ?? 0;
      const digit = HEX_DIGITS[byte] ?? -1;
      if (digit === -1) {
        const goesOn = byte === SEMICOLON || byte === SP || byte === HTAB;
        if (this.#sizeDigits === 0 || (byte !== CR && !goesOn)) throw violation("a chunk has no size");
        this.#extension = "";
        this.#state = goesOn ? "extension" : "size end";
        return goesOn ? at : at + 1;
      }
      this.#sizeDigits++;
      this.#leftBytes = this.#leftBytes * 16 + digit;
      if (this.#sizeDigits > MAX_SIZE_DIGITS || !Number.isSafeInteger(this.#leftBytes)) {
        throw violation("a chunk size is too large");
      }
    }
    return bytes.byteLength;
  }

  #skipExtension(bytes: Buffer, start: number): number {
    let at = start;
    while (at < bytes.byteLength && IN_EXTENSION[bytes[at] ?? 0] === 1) at++;
    this.#extensionBytes += at - start;
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) throw violation("too many bytes of chunk extensions");
    this.#extension += bytes.toString("latin1", start, at);
    if (at === bytes.byteLength) return at;
    expectByte(bytes[at], CR);
    if (!EXTENSIONS.test(this.#extension)) throw violation("a chunk extension is malformed");
    this.#state = "size end";
    return at + 1;
  }

  #readTrailers(bytes: Buffer, at: number): number {
    const end = this.#head.read(bytes, at);
    if (end === -1) return bytes.byteLength;
    this.trailers = this.#head.fields;
    for (const [name] of this.trailers) {
      if (name === "content-length" || name === "transfer-encoding")
        throw violation("a trailer field says where the body ends");
    }
    this.#state = "ended";
    return end;
  }
}

function expectByte(byte: number | undefined, wanted: number): void {
  if (byte !== wanted) throw violation("a chunk's line does not end with CR LF");
}

function violation(why: string): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", `the response is not valid HTTP/1.1: ${why}`);
}
