import { GrowingPiece } from "../../../shared/memory/growing-piece.ts";

/** RFC 9113 §6. */
export const HTTP2_FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** ACK and END_STREAM are the same bit, on different frames. */
export const HTTP2_FLAG = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** RFC 9113 §6.5.2. */
export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** RFC 9113 §7. */
export const CODE = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

const codeNames = new Map<number, string>(Object.entries(CODE).map(([name, code]) => [code, name]));

export function codeName(code: number): string {
  return codeNames.get(code) ?? `code ${code}`;
}

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const FRAME_HEAD_BYTES = 9;
/** The largest frame that each side accepts by default. This side never changes it. */
export const DEFAULT_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;
export const MAX_STREAM_ID = 2 ** 31 - 1;

/** A violation by the peer that ends the connection (RFC 9113 §5.4.1). */
export class Http2ConnectionError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${codeName(code)})`);
    this.code = code;
  }
}

/** An error that ends one stream (RFC 9113 §5.4.2). */
export class Http2StreamError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Http2Frame {
  type: number;
  flags: number;
  streamId: number;
  /** Valid until the next frame is read. */
  payload: Buffer;
}

export function frameHead(lengthBytes: number, type: number, flags: number, streamId: number): Buffer {
  const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES);
  head.writeUIntBE(lengthBytes, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return head;
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHead(payload.byteLength, type, flags, streamId), payload]);
}

/** A frame whose payload is one number: RST_STREAM, WINDOW_UPDATE. */
export function numberFrame(type: number, streamId: number, value: number): Buffer {
  const bytes = Buffer.concat([frameHead(4, type, 0, streamId), Buffer.allocUnsafe(4)]);
  bytes.writeUInt32BE(value, FRAME_HEAD_BYTES);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [at, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  }
  return frame(HTTP2_FRAME.SETTINGS, 0, 0, payload);
}

export function goawayFrame(code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(code, 4);
  return frame(HTTP2_FRAME.GOAWAY, 0, 0, payload);
}

/** Cuts the received bytes into frames, however they arrive. */
export class Http2FrameReader {
  /** The beginning of a frame. */
  #held: Buffer | null = null;
  readonly #growing = new GrowingPiece(FRAME_HEAD_BYTES + DEFAULT_FRAME_BYTES);

  /** Calls `take` for each complete frame. Throws if a frame's length is wrong, and what `take` throws. */
  feed(bytes: Buffer, take: (frame: Http2Frame) => void): void {
    let at = 0;
    while (this.#held !== null) {
      const held = this.#held;
      const missingBytes = frameBytes(held, 0) - held.byteLength;
      if (missingBytes > 0 && at === bytes.byteLength) return;
      if (missingBytes > 0) {
        const part = bytes.subarray(at, at + missingBytes);
        const { buffer, byteOffset, byteLength } = this.#growing.join(held, part);
        this.#held = Buffer.from(buffer, byteOffset, byteLength);
        at += part.byteLength;
      } else {
        this.#held = null;
        this.#growing.forget();
        take(frameAt(held, 0, held.byteLength));
      }
    }
    while (at < bytes.byteLength) {
      const end = at + frameBytes(bytes, at);
      if (end > bytes.byteLength) break;
      take(frameAt(bytes, at, end));
      at = end;
    }
    // A copy, because a view would keep the whole buffer alive.
    if (at < bytes.byteLength) this.#held = Buffer.from(bytes.subarray(at));
  }
}

/** How long the frame is that begins here, with its head; if its head is not complete, how long a head is. */
function frameBytes(bytes: Buffer, at: number): number {
  if (bytes.byteLength - at < FRAME_HEAD_BYTES) return FRAME_HEAD_BYTES;
  const length = bytes.readUIntBE(at, 3);
  if (length <= DEFAULT_FRAME_BYTES) return FRAME_HEAD_BYTES + length;
  throw new Http2ConnectionError(CODE.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
}

function frameAt(bytes: Buffer, at: number, end: number): Http2Frame {
  return {
    type: bytes[at + 3] ?? 0,
    flags: bytes[at + 4] ?? 0,
    streamId: bytes.readUInt32BE(at + 5) & MAX_STREAM_ID,
    payload: bytes.subarray(at + FRAME_HEAD_BYTES, end),
  };
}
