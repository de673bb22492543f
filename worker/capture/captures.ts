import type { Clock } from "../../shared/time/clock.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import type { OpenHead } from "../../shared/protocol/index.ts";
import type { LogSettings } from "../log-settings.ts";
import type { CaptureRule } from "../tunnel/configuration/capture-rule.ts";
import type { CaptureAnswer, CaptureEntry } from "./capture-entry.ts";
import { capturedRequest } from "./captured-request.ts";
import { RequestTap, type SeenRequest } from "./request-tap.ts";

const RETRY_MS = [500, 2_000];

export interface CapturesOptions {
  clock: Clock;
  memory: MemoryAccount;
  settings: Pick<LogSettings, "redacted">;
  send(entry: CaptureEntry): Promise<CaptureAnswer>;
  /** For work that continues after the request. */
  waitUntil(work: Promise<unknown>): void;
}

interface Running {
  rule: CaptureRule;
  begun: number;
  isFull: boolean;
  taps: Set<RequestTap>;
}

/** Decides which requests of this object are captured. Costs nothing while there is no capture. */
export class Captures {
  readonly #options: CapturesOptions;
  readonly #running = new Map<string, Running>();
  #cancelTimer: (() => void) | null = null;
  /** Requests are processed one after the other. Waiting ones count in the memory budget. */
  #lastDelivery: Promise<void> = Promise.resolve();

  constructor(options: CapturesOptions) {
    this.#options = options;
  }

  /** Null: this request is not captured. `rules`: those in force. */
  tap(rules: readonly CaptureRule[] | undefined, open: OpenHead, arrivedAtMs: number): RequestTap | null {
    if (rules === undefined || rules.length === 0) return null;
    const service = open.service.toLowerCase();
    const rule = rules.find((one) => one.service === service && one.endsAtMs > this.#options.clock.wallMs());
    if (rule === undefined) return null;
    const running = this.#running.get(rule.id) ?? { rule, begun: 0, isFull: false, taps: new Set() };
    this.#running.set(rule.id, running);
    if (running.isFull || running.begun >= rule.maxRequests || this.#options.memory.isShort) return null;
    running.begun++;
    const { memory } = this.#options;
    const tap: RequestTap = new RequestTap({
      ...{ requestId: open.requestId, arrivedAtMs, open, memory },
      onSeen: (seen) => {
        running.taps.delete(tap);
        this.#lastDelivery = this.#lastDelivery.then(() => this.#deliver(running, seen));
        this.#options.waitUntil(this.#lastDelivery);
      },
    });
    running.taps.add(tap);
    this.#endInTime();
    return tap;
  }

  /** The rules have changed. Requests that are no longer captured are handed on as far as they were seen. */
  judge(rules: readonly CaptureRule[]): void {
    for (const [id, { taps }] of this.#running) {
      if (rules.some((rule) => rule.id === id)) continue;
      this.#running.delete(id);
      for (const tap of [...taps]) tap.end();
    }
  }

  /** A request that is still open keeps the object awake by itself. */
  #endInTime(): void {
    if (this.#cancelTimer !== null) return;
    const ends = [...this.#running.values()]
      .filter(({ taps }) => taps.size > 0)
      .map(({ rule }) => rule.endsAtMs);
    if (ends.length === 0) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, Math.min(...ends) - clock.wallMs()), () => {
      this.#cancelTimer = null;
      for (const { rule, taps } of this.#running.values())
        if (rule.endsAtMs <= clock.wallMs()) for (const tap of [...taps]) tap.end();
      this.#endInTime();
    });
  }

  async #deliver(running: Running, seen: SeenRequest): Promise<void> {
    if (![...this.#running.values()].some(({ taps }) => taps.size > 0)) {
      this.#cancelTimer?.();
      this.#cancelTimer = null;
    }
    const { id: captureId, maxRequests } = running.rule;
    const { requestId, arrivedAtMs: timeMs } = seen;
    try {
      const captured = await capturedRequest(captureId, seen, this.#options.settings);
      const entry = { captureId, maxRequests, requestId, timeMs, json: JSON.stringify(captured) };
      if (!running.isFull && (await this.#send(entry)) === "full") running.isFull = true;
    } catch (thrown) {
      // The log never contains what was captured.
      console.error({ event: "capture_failed", capture: captureId, error: String(thrown) });
    } finally {
      this.#options.memory.giveBack(seen.heldBytes);
    }
  }

  async #send(entry: CaptureEntry): Promise<CaptureAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#options.send(entry);
      } catch (thrown) {
        const retryMs = RETRY_MS[attempt];
        if (retryMs === undefined) throw thrown;
        await new Promise<void>((resolve) => this.#options.clock.after(retryMs, resolve));
      }
    }
  }
}
