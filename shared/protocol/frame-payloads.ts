import { has, OWN_CAPABILITIES } from "./capabilities.ts";
import { type ErrorCode, ERROR_CODES, errorCodeOf } from "./error-code.ts";
import { NO_PAYLOAD } from "./frame.ts";
import { readU16, readU32, writeU16, writeU32 } from "./integers.ts";
import { MAX_CLOSE_REASON_BYTES, MAX_DETAIL_BYTES, MAX_OFFSET } from "./limits.ts";
import { connectionError } from "./tunnel-error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** STREAMS, RESTART: one u32. */
export function encodeU32(value: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeU32(payload, 0, value);
  return payload;
}

/** WINDOW: an absolute offset in bytes, u64. */
export function encodeOffset(offset: number): Uint8Array {
  const payload = new Uint8Array(8);
  writeU32(payload, 0, Math.floor(offset / 0x1_0000_0000));
  writeU32(payload, 4, offset % 0x1_0000_0000);
  return payload;
}

export function decodeOffset(payload: Uint8Array): number {
  const offset = readU32(payload, 0) * 0x1_0000_0000 + readU32(payload, 4);
  if (offset > MAX_OFFSET) throw connectionError("FLOW_CONTROL", "window offset over 2^53-1");
  return offset;
}

export interface Reset {
  code: ErrorCode;
  detail: string;
}

export function encodeReset(code: ErrorCode, detail: string): Uint8Array {
  return withText(2, detail, MAX_DETAIL_BYTES, (payload) => writeU16(payload, 0, ERROR_CODES[code]));
}

export function decodeReset(payload: Uint8Array): Reset {
  return { code: errorCodeOf(readU16(payload, 0)), detail: decoder.decode(payload.subarray(2)) };
}

export interface Goaway {
  /** Streams above it were not taken and may be sent elsewhere. */
  lastStreamId: number;
  code: ErrorCode;
  /** How long the sender lets taken streams finish. */
  drainMs: number;
  text: string;
}

export function encodeGoaway(goaway: Goaway): Uint8Array {
  return withText(10, goaway.text, MAX_DETAIL_BYTES, (payload) => {
    writeU32(payload, 0, goaway.lastStreamId);
    writeU16(payload, 4, ERROR_CODES[goaway.code]);
    writeU32(payload, 6, goaway.drainMs);
  });
}

export function decodeGoaway(payload: Uint8Array): Goaway {
  return {
    lastStreamId: readU32(payload, 0),
    code: errorCodeOf(readU16(payload, 4)),
    drainMs: readU32(payload, 6),
    text: decoder.decode(payload.subarray(10)),
  };
}

export interface WebSocketClose {
  /** Null: the close says nothing, not even a code. WebSocket interfaces report it as 1005. */
  code: number | null;
  reason: string;
}

const CLOSE_NORMAL = 1000;

/** Codes that may stand in a close frame (RFC 6455 §7.4); any other becomes 1002. */
export function legalCloseCode(code: number): number {
  const assigned = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return assigned || (code >= 3000 && code <= 4999) ? code : 1002;
}

/** For a peer with these capabilities. */
export function encodeClose(
  code: number | null,
  reason: string,
  capabilities = OWN_CAPABILITIES,
): Uint8Array {
  if (code === null) return has(capabilities, "EMPTY_WSCLOSE") ? NO_PAYLOAD : encodeClose(CLOSE_NORMAL, "");
  return withText(2, reason, MAX_CLOSE_REASON_BYTES, (payload) => writeU16(payload, 0, legalCloseCode(code)));
}

export function decodeClose(payload: Uint8Array): WebSocketClose {
  if (payload.byteLength === 0) return { code: null, reason: "" };
  if (payload.byteLength === 1) throw connectionError("PROTOCOL_ERROR", "WSCLOSE with half a code");
  return { code: legalCloseCode(readU16(payload, 0)), reason: decoder.decode(payload.subarray(2)) };
}

/** The text as UTF-8, cut at a character so that it fits `maxBytes`. */
export function utf8Prefix(text: string, maxBytes: number): Uint8Array {
  const buffer = new Uint8Array(maxBytes);
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written);
}

function withText(
  fixedBytes: number,
  text: string,
  maxTextBytes: number,
  writeFixed: (payload: Uint8Array) => void,
): Uint8Array {
  const tail = utf8Prefix(text, maxTextBytes);
  const payload = new Uint8Array(fixedBytes + tail.byteLength);
  writeFixed(payload);
  payload.set(tail, fixedBytes);
  return payload;
}
