import type { Clock } from "../shared/clock.ts";
import type { ErrorCode } from "../shared/protocol/error-code.ts";
import type { OpenHead, StreamKind } from "../shared/protocol/head.ts";

/** What is logged and counted of one request. Never its query, its fields or its body. */
export interface RequestSummary {
  kind: StreamKind;
  requestId: string;
  service: string;
  method: string;
  path: string;
  /** Null when no response head came. */
  status: number | null;
  /** Why it failed; null when it did not. */
  code: ErrorCode | null;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
}

/** Collects the facts while a stream is served. */
export class RequestRecord {
  readonly #open: OpenHead;
  readonly #clock: Clock;
  readonly #startedMs: number;
  status: number | null = null;
  requestBytes = 0;
  responseBytes = 0;

  constructor(open: OpenHead, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
  }

  finish(code: ErrorCode | null): RequestSummary {
    const { kind, requestId, service, method, path } = this.#open;
    return {
      kind,
      requestId,
      service,
      method,
      path: path.split("?", 1)[0] ?? "",
      status: this.status,
      code,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      durationMs: Math.round((this.#clock.nowMs() - this.#startedMs) * 10) / 10,
    };
  }
}
