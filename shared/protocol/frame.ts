import {
  LARGE_DATA_BYTES,
  MAX_CLOSE_REASON_BYTES,
  MAX_DATA_BYTES,
  MAX_DETAIL_BYTES,
  MAX_HEAD_FRAME_BYTES,
  MAX_SETTINGS_BYTES,
} from "./limits.ts";

/** length:u24 | type:u8 | flags:u8 | 0 + streamId:u31, big-endian (RFC 9113 §4.1). */
export const HEADER_BYTES = 9;

export const FRAME = {
  HELLO: 0x01,
  WELCOME: 0x02,
  SETTINGS: 0x03,
  GOAWAY: 0x04,
  PING: 0x05,
  STREAMS: 0x06,
  WINDOW: 0x07,
  RESTART: 0x08,
  OPEN: 0x10,
  HEAD: 0x11,
  DATA: 0x12,
  TRAILERS: 0x13,
  RESET: 0x14,
  STOP: 0x15,
  WSMSG: 0x16,
  WSCLOSE: 0x17,
} as const;

export type FrameName = keyof typeof FRAME;

/** From here on, types this version does not know are skipped; below, they end the connection. */
export const FIRST_EXTENSION_TYPE = 0x40;

/** Flags mean something only on the types named; all others are ignored. */
export const FLAG = {
  /** OPEN, HEAD, DATA: the sender's half ends here. */
  END: 0x01,
  /** HEAD: informational (1xx), the final head still comes. */
  INFO: 0x02,
  /** PING: this is the answer. */
  ACK: 0x01,
  /** RESET: nothing of the request was written upstream. */
  NOT_PROCESSED: 0x01,
  /** WSMSG: a text message. */
  TEXT: 0x01,
  /** WSMSG: more frames of this message follow. */
  MORE: 0x02,
} as const;

/** On which streams a type may stand: the connection (0), a stream, or either. */
type Place = "connection" | "stream" | "both";

/** One row per type: name, place and payload size. The codec and the tests read this table. */
export const FRAME_RULES: ReadonlyMap<number, { name: FrameName; place: Place; min: number; max: number }> =
  new Map(
    (
      [
        ["HELLO", "connection", 0, MAX_SETTINGS_BYTES],
        ["WELCOME", "connection", 0, MAX_SETTINGS_BYTES],
        ["SETTINGS", "connection", 0, MAX_SETTINGS_BYTES],
        ["GOAWAY", "connection", 10, 10 + MAX_DETAIL_BYTES],
        ["PING", "connection", 8, 8],
        ["STREAMS", "connection", 4, 4],
        ["WINDOW", "both", 8, 8],
        ["RESTART", "connection", 4, 4],
        ["OPEN", "stream", 3, MAX_HEAD_FRAME_BYTES],
        ["HEAD", "stream", 4, MAX_HEAD_FRAME_BYTES],
        ["DATA", "stream", 0, MAX_DATA_BYTES],
        ["TRAILERS", "stream", 2, MAX_HEAD_FRAME_BYTES],
        ["RESET", "stream", 2, 2 + MAX_DETAIL_BYTES],
        ["STOP", "stream", 0, 0],
        ["WSMSG", "stream", 0, LARGE_DATA_BYTES],
        ["WSCLOSE", "stream", 0, 2 + MAX_CLOSE_REASON_BYTES],
      ] as const
    ).map(([name, place, min, max]) => [FRAME[name], { name, place, min, max }]),
  );

/** A frame as the codec moves it. */
export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Uint8Array;
  /** The rest of the payload, if it was written in several pieces. */
  more?: readonly Uint8Array[];
}

export function payloadBytes({ payload, more }: Frame): number {
  let bytes = payload.byteLength;
  if (more !== undefined) for (const piece of more) bytes += piece.byteLength;
  return bytes;
}

export const NO_PAYLOAD = new Uint8Array(0);
