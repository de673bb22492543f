import type { Frame } from "./protocol/index.ts";

/** One message connection, as the mux sees it. Inbound messages are handed to `Mux.receive` by its owner. */
export interface Transport {
  /** Queues one binary message of all frames, and copies what it needs at once. Never blocks, and does nothing after `close`. */
  send(frames: readonly Frame[]): void;
  close(code: number, reason: string): void;
  /**
   * Bytes handed to `send` that have not left this process, if the platform reports this; otherwise 0.
   * While it is over `SEND_BACKLOG_BYTES` the mux sends control and heads only; its owner calls `Mux.drained`.
   */
  bufferedBytes(): number;
}
