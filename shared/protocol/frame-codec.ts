/*
 * Frames to bytes and back. Both ends use it through their mux.
 *
 * A whole message is checked before any of its frames is handed on, so a malformed one has no effect. A declared length is
 * compared with what is there before anything is allocated for it. Unknown extension frames are skipped.
 *
 * docs/protocol.md#messages-and-frames; decisions 0001 and 0025.
 */
import { FIRST_EXTENSION_TYPE, FRAME_RULES, type Frame, HEADER_BYTES, payloadBytes } from "./frame.ts";
import { withHeadroom } from "./headroom.ts";
import { byteAt, readU16, readU32, writeU32 } from "./integers.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { connectionError } from "./tunnel-error.ts";

/** Receives each frame of a message, in order; `payload` is a view of the message. */
export type FrameSink = (type: number, flags: number, streamId: number, payload: Uint8Array) => void;

/**
 * Checks a whole message, then hands its frames on; extension types are skipped.
 * A malformed message throws a TunnelError of scope "connection" before any of its frames is seen.
 */
export function decodeMessage(message: Uint8Array, sink: FrameSink): void {
  checkMessage(message);
  for (let at = 0; at < message.byteLength;) {
    const length = readLength(message, at);
    const type = byteAt(message, at + 3);
    const start = at + HEADER_BYTES;
    at = start + length;
    if (type >= FIRST_EXTENSION_TYPE) continue;
    const flags = byteAt(message, start - 5);
    sink(type, flags, readU32(message, start - 4), message.subarray(start, at));
  }
}

function checkMessage(message: Uint8Array): void {
  const size = message.byteLength;
  if (size === 0) throw connectionError("PROTOCOL_ERROR", "empty message");
  if (size > MAX_MESSAGE_BYTES) throw connectionError("PROTOCOL_ERROR", `message of ${size} bytes`);
  for (let at = 0; at < size;) {
    if (size - at < HEADER_BYTES)
      throw connectionError("PROTOCOL_ERROR", "message ends inside a frame header");
    const length = readLength(message, at);
    if (length > size - at - HEADER_BYTES) {
      throw connectionError("PROTOCOL_ERROR", "frame is longer than its message");
    }
    checkFrame(byteAt(message, at + 3), readU32(message, at + 5), length);
    at += HEADER_BYTES + length;
  }
}

function checkFrame(type: number, streamId: number, length: number): void {
  if (streamId > 0x7fff_ffff) throw connectionError("PROTOCOL_ERROR", "reserved bit of the stream id is set");
  if (type >= FIRST_EXTENSION_TYPE) return;
  const rule = FRAME_RULES.get(type);
  if (rule === undefined) throw connectionError("PROTOCOL_ERROR", `unknown frame type ${type}`);
  if (length < rule.min || length > rule.max) {
    throw connectionError("PROTOCOL_ERROR", `${rule.name} with a payload of ${length} bytes`);
  }
  if (rule.place !== "both" && (streamId === 0) !== (rule.place === "connection")) {
    throw connectionError("PROTOCOL_ERROR", `${rule.name} on stream ${streamId}`);
  }
}

/** Bytes that the frames take on the wire. */
export function encodedSize(frames: readonly Frame[]): number {
  let size = 0;
  for (const frame of frames) size += HEADER_BYTES + payloadBytes(frame);
  return size;
}

/** One message of all frames, in order. */
export function encodeMessage(frames: readonly Frame[]): Uint8Array {
  const message = new Uint8Array(encodedSize(frames));
  encodeInto(message, 0, frames);
  return message;
}

/** Writes the message of all frames into `message` from `start` on: as many bytes as `encodedSize` says. */
export function encodeInto(message: Uint8Array, start: number, frames: readonly Frame[]): void {
  let at = start;
  for (const frame of frames) {
    writeHeader(message, at, frame);
    message.set(frame.payload, at + HEADER_BYTES);
    at += HEADER_BYTES + frame.payload.byteLength;
    for (const piece of frame.more ?? []) {
      message.set(piece, at);
      at += piece.byteLength;
    }
  }
}

/** The message of this one frame where its payload lies, if there is room for the header; null: it has to be copied. */
export function encodeInPlace(frame: Frame): Uint8Array | null {
  const message = frame.more === undefined ? withHeadroom(frame.payload) : null;
  if (message !== null) writeHeader(message, 0, frame);
  return message;
}

function writeHeader(message: Uint8Array, at: number, frame: Frame): void {
  const { type, flags, streamId } = frame;
  const length = payloadBytes(frame);
  message[at] = length >>> 16;
  message[at + 1] = length >>> 8;
  message[at + 2] = length;
  message[at + 3] = type;
  message[at + 4] = flags;
  writeU32(message, at + 5, streamId);
}

function readLength(bytes: Uint8Array, at: number): number {
  return (readU16(bytes, at) << 8) | byteAt(bytes, at + 2);
}
