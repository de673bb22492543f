import { MAX_CLOSE_REASON_BYTES } from "../../shared/protocol/index.ts";

/** Reported if the close frame had no code (RFC 6455 §7.1.5). */
const NO_STATUS = 1005;
/** The connection broke without a close frame. */
const ABNORMAL = 1006;
const TLS_FAILED = 1015;
const PROTOCOL_ERROR = 1002;
const INTERNAL_ERROR = 1011;

/** The code of an upstream's close, as its WebSocket reports it. Null: it had none, which matters to some clients. */
export function upstreamCloseCode(reported: number): number | null {
  return reported === NO_STATUS ? null : sendableCloseCode(reported);
}

/** A close code that may be sent (RFC 6455 §7.4). */
export function sendableCloseCode(code: number): number {
  if (code === ABNORMAL || code === TLS_FAILED) return INTERNAL_ERROR;
  const defined =
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS) || (code >= 3000 && code <= 4999);
  return defined ? code : PROTOCOL_ERROR;
}

/** Cut at a character, so that it fits a close frame and stays valid UTF-8. */
export function fittingReason(reason: string): string {
  const bytes = Buffer.from(reason, "utf8");
  if (bytes.byteLength <= MAX_CLOSE_REASON_BYTES) return reason;
  let end = MAX_CLOSE_REASON_BYTES;
  // 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
