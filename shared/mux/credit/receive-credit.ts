import {
  CONNECTION_CREDIT_STEP_BYTES,
  SLOW_CREDIT_BYTES,
  SLOW_CREDIT_MS,
  connectionError,
} from "../../protocol/index.ts";

/** What the peer may send on a connection, over all its streams. See docs/protocol.md, "Flow control". */
export class ReceiveCredit {
  readonly #windowBytes: number;
  #receivedBytes = 0;
  #grantedBytes: number;
  #lastGrantMs = -Infinity;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#grantedBytes = windowBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  /** Continues from before a loss of memory. */
  restore(receivedBytes: number, grantedBytes: number): void {
    this.#receivedBytes = receivedBytes;
    this.#grantedBytes = grantedBytes;
  }

  /** The new limit to send to the peer; null: not yet. Throws if the peer sent more than it may. */
  receive(costBytes: number, nowMs: number): number | null {
    this.#receivedBytes += costBytes;
    if (this.#receivedBytes > this.#grantedBytes) {
      throw connectionError("FLOW_CONTROL", "data exceeds the connection's window");
    }
    const limitBytes = this.#receivedBytes + this.#windowBytes;
    const owedBytes = limitBytes - this.#grantedBytes;
    const isSlow = owedBytes >= SLOW_CREDIT_BYTES && nowMs - this.#lastGrantMs >= SLOW_CREDIT_MS;
    if (owedBytes < Math.min(this.#windowBytes / 8, CONNECTION_CREDIT_STEP_BYTES) && !isSlow) return null;
    this.#lastGrantMs = nowMs;
    this.#grantedBytes = limitBytes;
    return limitBytes;
  }
}
