/** What the load generator is asked to do. Every request must answer 200 with as many bytes as expected. */
export type LoadJob = RequestsJob | BulkJob | StreamsJob | WebSocketsJob;

/**
 * Closed loop: each of `concurrency` connections sends its next request when the last one is answered; with `perSecond`,
 * not before its turn at that rate of all together.
 */
export interface RequestsJob {
  kind: "requests";
  url: string;
  headers: Record<string, string>;
  /** Null: a GET. */
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
  /** On each connection. */
  transfers: number;
  /** Before each, so that the path is idle; absent: none. */
  pauseMs?: number;
  /** Starts over until it is told to stop. */
  forever?: boolean;
}

/** Answers that go on, one on each of `concurrency` connections, until it is told to stop. None of them may end before. */
export interface StreamsJob {
  kind: "streams";
  url: string;
  headers: Record<string, string>;
  concurrency: number;
}

/** Opens `count` WebSockets; each sends its next message when the last one was echoed, or nothing at all. */
export interface WebSocketsJob {
  kind: "websockets";
  url: string;
  headers: Record<string, string>;
  count: number;
  /** 0: idle. */
  messageBytes: number;
  measureMs: number;
}

export interface LoadResult {
  /** Requests answered, transfers done or messages echoed while measuring. */
  count: number;
  bytes: number;
  elapsedMs: number;
  p50Ms: number;
  p99Ms: number;
  /** The rate of the slowest over the mean rate: 1 where all were alike. */
  slowestOverMean: number;
}

export type ToGenerator = { job: LoadJob } | { stop: true };
export type FromGenerator =
  | { said: "measuring" }
  | { said: "done"; result: LoadResult }
  | { said: "failed"; message: string };
