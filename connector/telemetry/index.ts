/*
 * What the connector reports about itself: metrics, the access log, spans, `/healthz`, `/readyz`.
 *
 * Labels are bounded in number and length, whatever the relay sends. Queries, fields and bodies are never reported. Nothing here may
 * delay a request.
 *
 * Begin with `request-summary.ts` (the facts of one request), then `metrics.ts`, `access-log.ts` and `request-trace.ts`.
 * docs/observability.md; decision 0023.
 */
export { AccessLog } from "./access-log.ts";
export { FinishedRequests } from "./finished-requests.ts";
export { startHealthServer, type HealthSources } from "./health.ts";
export { LastLines } from "./last-lines.ts";
export { Metrics } from "./metrics.ts";
export { PROOF_HEADER, isOwnerProof, ownerProof } from "./owner-proof.ts";
export { RequestMeter, type OnFinished } from "./request-summary.ts";
export type { RequestTrace, SpanCounts, TraceRequest, Tracing } from "./request-trace.ts";
export { proxyForTraces, startTracing } from "./start-tracing.ts";
