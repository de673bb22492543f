import type { Clock } from "../../shared/time/clock.ts";
import { TRACEPARENT } from "../../shared/http/index.ts";
import type { ErrorCode, TunnelError, OpenHead, StreamKind } from "../../shared/protocol/index.ts";

/** The facts of one request for log and metrics. Never its query, its fields or its body. */
export interface RequestSummary {
  kind: StreamKind;
  requestId: string;
  /** W3C Trace Context; null when the request carries none. */
  traceId: string | null;
  project: string;
  environment: string;
  service: string;
  method: string;
  path: string;
  /** Null when no response head came. */
  status: number | null;
  /** Why it failed; null when it did not. */
  code: ErrorCode | null;
  requestBytes: number;
  responseBytes: number;
  /** From the request's arrival here to the response's head; null when none came. */
  waitMs: number | null;
  durationMs: number;
}

/** Called once per stream, when it is over on the tunnel's side. */
export type OnFinished = (summary: RequestSummary, error: TunnelError | null) => void;

/** Collects the facts while a stream is served. */
export class RequestMeter {
  readonly #open: OpenHead;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #response: { status: number; waitMs: number } | null = null;
  requestBytes = 0;
  responseBytes = 0;

  constructor(open: OpenHead, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
  }

  get status(): number | null {
    return this.#response?.status ?? null;
  }

  /** The response's head came just now. */
  set status(status: number) {
    this.#response = { status, waitMs: this.#elapsedMs() };
  }

  /** How long the request has waited for the upstream, for the head: whole milliseconds, at least 1. */
  get upstreamMs(): number {
    return Math.max(1, Math.round(this.#elapsedMs()));
  }

  finish(code: ErrorCode | null): RequestSummary {
    const { kind, requestId, project, environment, service, method, path, fields } = this.#open;
    const traceparent = fields.find(([name]) => name === "traceparent")?.[1] ?? "";
    return {
      kind,
      requestId,
      traceId: TRACEPARENT.exec(traceparent)?.[1] ?? null,
      project,
      environment,
      service,
      method,
      path: path.split("?", 1)[0] ?? "",
      status: this.status,
      code,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      waitMs: this.#response?.waitMs ?? null,
      durationMs: this.#elapsedMs(),
    };
  }

  #elapsedMs(): number {
    return Math.round((this.#clock.nowMs() - this.#startedMs) * 10) / 10;
  }
}
