import type { Frame } from "./protocol/index.ts";

/** One message connection, as the mux sees it. Inbound messages are handed to `Mux.receive` by its owner. */
export interface Transport {
  /** Queues one binary message of all frames. Takes what it needs of them at once. Never blocks; nothing after `close`. */
  send(frames: readonly Frame[]): void;
  close(code: number, reason: string): void;
  /**
   * Bytes handed to `send` that have not left this process, where the platform tells; else 0.
   * While it is over `SEND_BACKLOG_BYTES` the mux sends control and heads only; its owner calls `Mux.drained`.
   */
  bufferedBytes(): number;
}
