/** A job for the load generator. Every request must be answered with 200 and the expected number of bytes. */
export type LoadJob = RequestsJob | BulkJob | StreamsJob | WebSocketsJob;

/**
 * A closed loop: each of `concurrency` connections sends its next request when the last one was answered. With `perSecond`,
 * it also waits for its turn at that total rate.
 */
export interface RequestsJob {
  kind: "requests";
  url: string;
  headers: Record<string, string>;
  /** Null for a GET. */
  sendBytes: number | null;
  expectBytes: number;
  concurrency: number;
  warmUpMs: number;
  measureMs: number;
  perSecond?: number;
}

/** Transfers of `bytes` each, one after the other on each of `concurrency` connections. */
export interface BulkJob {
  kind: "bulk";
  url: string;
  headers: Record<string, string>;
  direction: "down" | "up";
  bytes: number;
  concurrency: number;
  /** For each connection. */
  transfers: number;
  /** The pause before each transfer, so that the path is idle; none if absent. */
  pauseMs?: number;
  /** Starts again until it is told to stop. */
  forever?: boolean;
}

/** Endless responses, one on each of `concurrency` connections, until the job is told to stop. None may end earlier. */
export interface StreamsJob {
  kind: "streams";
  url: string;
  headers: Record<string, string>;
  concurrency: number;
}

/** Opens `count` WebSockets. Each sends its next message when the last one was echoed, or sends nothing at all. */
export interface WebSocketsJob {
  kind: "websockets";
  url: string;
  headers: Record<string, string>;
  count: number;
  /** 0 for idle WebSockets. */
  messageBytes: number;
  measureMs: number;
}

export interface LoadResult {
  /** Requests that were answered, transfers that finished or messages that were echoed during the measurement. */
  count: number;
  bytes: number;
  elapsedMs: number;
  p50Ms: number;
  p99Ms: number;
  /** The rate of the slowest divided by the mean rate: 1 if all were equally fast. */
  slowestOverMean: number;
}

export type ToGenerator = { job: LoadJob } | { stop: true };
export type FromGenerator =
  | { said: "measuring" }
  | { said: "done"; result: LoadResult }
  | { said: "failed"; message: string };
