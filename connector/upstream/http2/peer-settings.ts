import { CODE, DEFAULT_FRAME_BYTES, Http2ConnectionError, MAX_WINDOW_BYTES, SETTING } from "./frames.ts";

const SETTING_BYTES = 6;
const MAX_FRAME_BYTES = 2 ** 24 - 1;

/** The server's settings that matter here; null: not set. The table size does not matter, because our blocks use no dynamic table. */
export interface PeerSettings {
  maxStreams: number | null;
  initialWindowBytes: number | null;
  maxFrameBytes: number | null;
}

/** RFC 9113 §6.5.2. If a setting is repeated, the last one counts. Unknown settings are ignored. */
export function readSettings(payload: Buffer): PeerSettings {
  if (payload.byteLength % SETTING_BYTES !== 0) {
    throw new Http2ConnectionError(CODE.FRAME_SIZE_ERROR, "SETTINGS with an incomplete setting");
  }
  const settings: PeerSettings = { maxStreams: null, initialWindowBytes: null, maxFrameBytes: null };
  for (let at = 0; at < payload.byteLength; at += SETTING_BYTES) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case SETTING.ENABLE_PUSH:
        check(value === 0, CODE.PROTOCOL_ERROR, "a server may not enable push");
        break;
      case SETTING.MAX_CONCURRENT_STREAMS:
        settings.maxStreams = value;
        break;
      case SETTING.INITIAL_WINDOW_SIZE:
        check(value <= MAX_WINDOW_BYTES, CODE.FLOW_CONTROL_ERROR, "an initial window that is too large");
        settings.initialWindowBytes = value;
        break;
      case SETTING.MAX_FRAME_SIZE:
        check(
          value >= DEFAULT_FRAME_BYTES && value <= MAX_FRAME_BYTES,
          CODE.PROTOCOL_ERROR,
          "a frame size out of range",
        );
        settings.maxFrameBytes = value;
        break;
    }
  }
  return settings;
}

function check(fine: boolean, code: number, otherwise: string): void {
  if (!fine) throw new Http2ConnectionError(code, otherwise);
}
