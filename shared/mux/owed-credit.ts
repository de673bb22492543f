import { CONNECTION_CREDIT_STEP_BYTES, SLOW_STREAM_CREDIT_MS } from "../protocol/index.ts";
import type { MuxStream } from "./mux-stream.ts";

/** Streams whose peers are owed enough credit to be told when something leaves anyway. */
export class OwedCredit {
  readonly #streams = new Set<MuxStream>();

  /** True: the credit is large enough, or overdue, so it should be sent now. */
  add(stream: MuxStream, nowMs: number): boolean {
    const window = stream.receiveWindow;
    const isDue = window.isDue || isOverdue(stream, nowMs);
    if (!isDue && window.owedBytes < Math.min(window.sizeBytes / 8, CONNECTION_CREDIT_STEP_BYTES))
      return false;
    this.#streams.add(stream);
    return isDue;
  }

  forget(stream: MuxStream): void {
    this.#streams.delete(stream);
  }

  /** Calls `grant` for each stream whose peer is to hear of a new limit; nothing is owed afterwards. */
  settle(nowMs: number, grant: (stream: MuxStream, limitBytes: number) => void): void {
    for (const stream of this.#streams) {
      const overdue = isOverdue(stream, nowMs);
      if (!stream.wantsCredit || (stream.receiveWindow.owedBytes <= 0 && !overdue)) continue;
      grant(stream, stream.receiveWindow.grant(nowMs, overdue));
    }
    this.#streams.clear();
  }
}

/** Early enough that the peer gets credit several times before it would give up the reader. */
function isOverdue({ receiveWindow, stallTimeoutMs }: MuxStream, nowMs: number): boolean {
  return receiveWindow.isOverdue(nowMs, Math.min(SLOW_STREAM_CREDIT_MS, stallTimeoutMs / 4));
}
