type Step =
  | { text: string }
  /** So many of a pattern: `patternDigest`. */
  | { bytes: number }
  /** The same, without waiting for any of the writes. */
  | { burst: number }
  /** Until so many have come in all, or the end. */
  | { read: number | "all" }
  | { waitMs: number }
  | { echo: number }
  /** Until this URL answers: a test lets many go on together. */
  | { fetch: string }
  | { do: "end" | "abort" | "cancel" | "close" };

/** What the test's gateway does on one TCP connection, in order; `beside`: and what follows does not wait for it. */
export interface TcpScript {
  via?: string;
  address: string;
  how: "dial" | "connectTcp" | "connect";
  /** Only for `connect`: TLS that the gateway asks of its runtime, at once or by `startTls()`. */
  tls?: "on" | "starttls";
  steps: readonly (Step & { beside?: boolean })[];
}

/** Writes that the test's gateway does not await: its answer is there before they are done. */
export interface UnawaitedTcpWrite {
  address: string;
  bytes: number;
  /** By `waitUntil`. */
  isKept: boolean;
}

export interface TcpObservation {
  refused: { code: string; status: number; hasRequestId: boolean; message: string } | null;
  text: string;
  readBytes: number;
  sha256: string;
  end: "open" | "clean" | "cut";
  readError: string;
  writeError: string;
  closed: string;
  ms?: number;
}
