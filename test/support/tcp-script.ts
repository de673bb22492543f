type Step =
  | { text: string }
  /** Writes this many bytes of a pattern, whose hash is `patternDigest`. */
  | { bytes: number }
  /** The same, without awaiting any write. */
  | { burst: number }
  /** Reads until this many bytes have come in all, or to the end. */
  | { read: number | "all" }
  | { waitMs: number }
  | { echo: number }
  /** Waits until this URL answers. A test uses it to let many connections continue together. */
  | { fetch: string }
  | { do: "end" | "abort" | "cancel" | "close" };

/** What the test's gateway does on one TCP connection, in order. The next step does not wait for one that is `beside`. */
export interface TcpScript {
  via?: string;
  address: string;
  how: "dial" | "connectTcp" | "connect";
  /** Only for `connect`: TLS that the gateway asks its runtime for, at once or by `startTls()`. */
  tls?: "on" | "starttls";
  steps: readonly (Step & { beside?: boolean })[];
}

/** Writes that the test's gateway does not await. It answers before they are done. */
export interface UnawaitedTcpWrite {
  address: string;
  bytes: number;
  /** Kept alive with `waitUntil`. */
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
