/*
 * The private side: what may be reached, how it is reached, and one exchange with it.
 *
 * Nothing is sent that `permit.ts` has not allowed: requests, WebSocket handshakes, health checks and doctor pass the same
 * check, and the address connected to is checked again. Connections are pooled by upstream, and over HTTP/1.1 by caller too. An
 * exchange reports exactly once how it ended. It says "not processed" only if the upstream cannot have acted on a byte of it.
 *
 * Begin with `upstream.ts` (one exchange) and `lease.ts` (what `http1/` and `http2/` both offer), then `pool.ts`, `permit.ts`
 * and `policy.ts`. docs/upstreams.md says what is accepted and refused; decisions 0010, 0014, 0026 and 0035.
 */
export { dial } from "./dial.ts";
export { HeldBytes, SOCKET_PIECE_BYTES } from "./held-bytes.ts";
export {
  rawHeadersOf,
  requestFields,
  responseFields,
  trailerFields,
  wantedHost,
  wireText,
  withTraceparent,
  withoutHandshakeFields,
} from "./http-fields.ts";
export { permitTcp } from "./permit.ts";
export { UpstreamPolicy, parseAllowlist, parseHostRule, parseTarget } from "./policy.ts";
export { bodyTooLarge, limitsFor, type LimitsByService, type ServiceLimits } from "./service-limits.ts";
export { TcpConnections } from "./tcp-connections.ts";
export { UploadStream, readAll, wrongLength } from "./upload-stream.ts";
export { DEFAULT_UPSTREAM, settingsFor, type UpstreamRule, type UpstreamSettings } from "./upstream-rules.ts";
export {
  CHECKS,
  Upstream,
  type UpstreamDeps,
  type UpstreamEvents,
  type UpstreamExchange,
} from "./upstream.ts";
