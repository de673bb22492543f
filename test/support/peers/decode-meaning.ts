import { decodeMessage } from "../../../shared/protocol/frame-codec.ts";
import {
  decodeClose,
  decodeGoaway,
  decodeOffset,
  decodeReset,
} from "../../../shared/protocol/frame-payloads.ts";
import { FRAME, FRAME_RULES } from "../../../shared/protocol/frame.ts";
import { decodeHello, decodeSettings, decodeWelcome } from "../../../shared/protocol/handshake.ts";
import { decodeHead, decodeOpen, decodeTrailers } from "../../../shared/protocol/head-codec.ts";
import { readU32 } from "../../../shared/protocol/integers.ts";
import type { NaiveFrame } from "./naive-decoder.ts";

/** Runs the project's own decoders, and returns their results in the naive decoder's format. */
export function decodeMeanings(message: Uint8Array): NaiveFrame[] {
  const frames: NaiveFrame[] = [];
  decodeMessage(message, (type, flags, streamId, payload) => {
    const frame = FRAME_RULES.get(type)?.name ?? "";
    frames.push({ frame, flags, streamId, meaning: meaningOf(type, payload) });
  });
  return frames;
}

function meaningOf(type: number, payload: Uint8Array): unknown {
  switch (type) {
    case FRAME.HELLO:
      return decodeHello(payload);
    case FRAME.WELCOME:
      return decodeWelcome(payload);
    case FRAME.SETTINGS:
      return [...decodeSettings(payload)].map(([id, value]) => [id, Buffer.from(value).toString("hex")]);
    case FRAME.GOAWAY:
      return decodeGoaway(payload);
    case FRAME.STREAMS:
    case FRAME.RESTART:
      return { value: readU32(payload, 0) };
    case FRAME.WINDOW:
      return { offset: decodeOffset(payload) };
    case FRAME.OPEN:
      return decodeOpen(payload);
    case FRAME.HEAD:
      return decodeHead(payload);
    case FRAME.TRAILERS:
      return { fields: decodeTrailers(payload) };
    case FRAME.RESET:
      return decodeReset(payload);
    case FRAME.WSCLOSE:
      return decodeClose(payload);
    case FRAME.STOP:
      return {};
    default:
      return { hex: Buffer.from(payload).toString("hex") };
  }
}
