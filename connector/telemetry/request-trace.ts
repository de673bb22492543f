import type { OpenHead } from "../../shared/protocol/index.ts";
import type { RequestSummary } from "./request-summary.ts";

/** What became of a request. */
export type TraceOutcome = Pick<RequestSummary, "status" | "code">;

/** One request's part of a trace: a span for it, and within that one for what its upstream does. */
export interface RequestTrace {
  /** The request goes upstream now. Returns the `traceparent` that it takes along. */
  callUpstream(): string;
  /** The upstream's answer is complete; what follows is the tunnel's. */
  upstreamDone(outcome: TraceOutcome): void;
  /** The request is over. */
  finish(summary: RequestSummary): void;
}

/** Begins a request's part of its trace; null when it is not in the sample. */
export type TraceRequest = (open: OpenHead) => RequestTrace | null;

/** What became of the spans of requests that ended. "dropped": there were too many at once. */
export const SPAN_OUTCOMES = ["exported", "failed", "dropped"] as const;
export type SpanCounts = Record<(typeof SPAN_OUTCOMES)[number], number>;

export interface Tracing {
  trace: TraceRequest;
  /** Since the start. */
  counts: Readonly<SpanCounts>;
  /** Sends what is left, for up to `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
}
