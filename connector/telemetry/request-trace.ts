import type { OpenHead } from "../../shared/protocol/index.ts";
import type { RequestSummary } from "./request-summary.ts";

/** The outcome of a request. */
export type TraceOutcome = Pick<RequestSummary, "status" | "code">;

/** One request's part of a trace: a span for it, and inside that a span for its upstream. */
export interface RequestTrace {
  /** The request is sent upstream now. Returns the `traceparent` to send with it. */
  callUpstream(): string;
  /** The upstream's answer is complete. Time after this belongs to the tunnel. */
  upstreamDone(outcome: TraceOutcome): void;
  /** The request is over. */
  finish(summary: RequestSummary): void;
}

/** Begins a request's part of its trace; null when it is not in the sample. */
export type TraceRequest = (open: OpenHead) => RequestTrace | null;

/** What happened to the spans of ended requests. "dropped": there were too many at once. */
export const SPAN_OUTCOMES = ["exported", "failed", "dropped"] as const;
export type SpanCounts = Record<(typeof SPAN_OUTCOMES)[number], number>;

export interface Tracing {
  trace: TraceRequest;
  /** Since the start. */
  counts: Readonly<SpanCounts>;
  /** Sends what is left, for up to `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
}
