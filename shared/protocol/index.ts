/*
 * The bytes of `culvert.v1`: frames, heads, the handshake, codes, and every limit with its reason.
 *
 * Both ends use this one implementation, and it knows neither streams nor a platform. A declared length is checked before
 * anything is allocated for it; what a peer sends wrong is a `TunnelError` with a scope, a stream or the whole connection.
 * What a peer may not know yet is used only as far as its `capabilities` say.
 *
 * Begin with `frame.ts` (one table of all frames), then `head.ts` and `handshake.ts`; `limits.ts` has the numbers.
 * docs/protocol.md is normative; decisions 0001, 0006, 0011 and 0034 say why it is so.
 */
export { OWN_CAPABILITIES, has, maxDataBytes, usableCapabilities, type Capability } from "./capabilities.ts";
export { ERROR_CODES, type ErrorCode } from "./error-code.ts";
export { decodeMessage, encodeInPlace, encodeInto, encodeMessage, encodedSize } from "./frame-codec.ts";
export {
  decodeClose,
  decodeGoaway,
  decodeOffset,
  decodeReset,
  encodeClose,
  encodeGoaway,
  encodeOffset,
  encodeReset,
  encodeU32,
  legalCloseCode,
  utf8Prefix,
  type Goaway,
  type WebSocketClose,
} from "./frame-payloads.ts";
export { FLAG, FRAME, HEADER_BYTES, NO_PAYLOAD, payloadBytes, type Frame } from "./frame.ts";
export {
  HANDSHAKE_TEXT,
  decodeHello,
  decodeSettings,
  decodeWelcome,
  encodeHello,
  encodeWelcome,
  type Hello,
  type Welcome,
} from "./handshake.ts";
export {
  capabilityFor,
  decodeHead,
  decodeOpen,
  decodeTrailers,
  encodeHead,
  encodeOpen,
  encodeTrailers,
} from "./head-codec.ts";
export {
  TCP_METHOD,
  TCP_PATH,
  TCP_STATUS,
  type Field,
  type OpenHead,
  type ResponseHead,
  type StartTls,
  type StreamKind,
} from "./head.ts";
export { markHeadroom, roomBehindHeadroom } from "./headroom.ts";
export { readU32, writeU32 } from "./integers.ts";
export * from "./limits.ts";
export { MAX_OBJECTS, encodeObjects, readObjects, type ObjectList } from "./object-list.ts";
export type { PublicCode } from "./public-code.ts";
export {
  CHECK_OUTCOMES,
  CheckListReader,
  encodeChecks,
  encodeHealth,
  healthReport,
  isFailing,
  outcomeAt,
  readHealth,
  type CheckListText,
  type CheckOutcome,
  type HealthReport,
} from "./service-checks.ts";
export { TunnelError, connectionError, publicError } from "./tunnel-error.ts";
