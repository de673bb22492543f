import type { Clock } from "../../shared/time/clock.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import { ITEM_OVERHEAD_BYTES } from "../../shared/protocol/index.ts";
import type { EventBatch } from "./event-batch.ts";

/** Each batch is one billed call, and wakes an object: while there is traffic, one goes off every two seconds. */
const GATHER_MS = 2_000;
/**
 * After a silence of this length, an event only waits for those that come with it, such as a page's requests. The timer keeps the object
 * awake, and two seconds of that would cost ten times as much as the request.
 */
const BURST_MS = 25;
const BATCH_EVENTS = 500;
const BATCH_BYTES = 256 * 1024;
/** How much is kept while the receiver does not answer. Beyond it, events are lost and counted. */
const MAX_HELD_EVENTS = 10_000;
const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** After so many failures the kept events are given up, because the timer keeps the object awake. */
const MAX_ATTEMPTS = 5;
const FIRST_RETRY_MS = 1_000;

export interface EventOutboxOptions {
  clock: Clock;
  memory: MemoryAccount;
  /** Identifies this memory. */
  sender: string;
  send(batch: EventBatch): Promise<void>;
  /** The content of a batch beside its events. */
  facts(): Pick<EventBatch, "destinationsRevision" | "connectors" | "presence">;
}

/** Collects events in batches and sends them, one batch at a time, in order. */
export class EventOutbox {
  readonly #options: EventOutboxOptions;
  #lines: string[] = [];
  #heldBytes = 0;
  #lost = 0;
  #sequence = 0;
  #news = false;
  #cancelTimer: (() => void) | null = null;
  #sentAtMs = -Infinity;
  #sending = false;

  constructor(options: EventOutboxOptions) {
    this.#options = options;
  }

  add(line: string): void {
    const isFull = this.#lines.length >= MAX_HELD_EVENTS || this.#heldBytes + line.length > MAX_HELD_BYTES;
    if (isFull || !this.#options.memory.take(costOf(line))) {
      this.#lost++;
    } else {
      this.#lines.push(line);
      this.#heldBytes += line.length;
    }
    this.#schedule();
  }

  /** The content of a batch beside its events has changed. */
  changed(): void {
    this.#news = true;
    this.#schedule();
  }

  get #isFull(): boolean {
    return this.#lines.length >= BATCH_EVENTS || this.#heldBytes >= BATCH_BYTES;
  }

  #schedule(): void {
    if (this.#sending) return;
    if (this.#isFull) return void this.#flush();
    const { clock } = this.#options;
    const waitMs = Math.max(BURST_MS, this.#sentAtMs + GATHER_MS - clock.nowMs());
    this.#cancelTimer ??= clock.after(waitMs, () => void this.#flush());
  }

  async #flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#sending = true;
    this.#sentAtMs = this.#options.clock.nowMs();
    let goesOn: boolean;
    do goesOn = await this.#sendOne();
    while (goesOn && this.#isFull);
    this.#sending = false;
    if (this.#lines.length > 0 || this.#news) this.#schedule();
  }

  /** False: the receiver is not available, and the kept events were given up. */
  async #sendOne(): Promise<boolean> {
    const lines = this.#take();
    const lost = this.#lost;
    this.#lost = 0;
    this.#news = false;
    const batch: EventBatch = {
      sender: this.#options.sender,
      sequence: ++this.#sequence,
      lines: lines.join("\n"),
      count: lines.length,
      lost,
      ...this.#options.facts(),
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#options.send(batch);
        return true;
      } catch (thrown) {
        if (attempt === MAX_ATTEMPTS) {
          this.#giveUp(lines.length + lost, String(thrown));
          return false;
        }
        await this.#pause(FIRST_RETRY_MS * 2 ** (attempt - 1));
      }
    }
  }

  #take(): string[] {
    let bytes = 0;
    const end = this.#lines.findIndex((line, index) => {
      bytes += line.length;
      return index >= BATCH_EVENTS || (bytes > BATCH_BYTES && index > 0);
    });
    const taken = this.#lines.splice(0, end === -1 ? this.#lines.length : end);
    for (const line of taken) this.#heldBytes -= line.length;
    this.#release(taken);
    return taken;
  }

  /** The count of lost events goes out with the next batch, whenever that is. */
  #giveUp(unsent: number, error: string): void {
    this.#lost += unsent + this.#lines.length;
    this.#release(this.#lines);
    this.#lines = [];
    this.#heldBytes = 0;
    console.error({ event: "telemetry_failed", lost: this.#lost, error });
  }

  #release(lines: readonly string[]): void {
    this.#options.memory.giveBack(lines.reduce((sum, line) => sum + costOf(line), 0));
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(delayMs, () => resolve()));
  }
}

function costOf(line: string): number {
  return line.length + ITEM_OVERHEAD_BYTES;
}
