import type { Clock } from "../../shared/clock.ts";
import type { Transport } from "../../shared/transport.ts";

export interface LinkOptions {
  latencyMs: number;
  bytesPerMs: number;
}

export interface LinkEnd {
  receive(message: Uint8Array): void;
  drained(): void;
  closed(code: number): void;
}

/** One direction of a link: messages take their time on the wire, one after the other, and none overtakes. */
export class SimDirection implements Transport {
  readonly sent: Uint8Array[] = [];
  closeCode: number | null = null;
  /** Told to keep messages for a look at their frames. */
  readonly #keeps: boolean;
  readonly #clock: Clock;
  readonly #options: LinkOptions;
  readonly #sender: () => LinkEnd;
  readonly #receiver: () => LinkEnd;
  #freeAtMs = 0;
  #bufferedBytes = 0;
  #cut = false;

  constructor(
    clock: Clock,
    options: LinkOptions,
    sender: () => LinkEnd,
    receiver: () => LinkEnd,
    keeps = false,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#keeps = keeps;
  }

  send(message: Uint8Array): void {
    if (this.#cut || this.closeCode !== null) return;
    if (this.#keeps) this.sent.push(message);
    const nowMs = this.#clock.nowMs();
    this.#bufferedBytes += message.byteLength;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + message.byteLength / this.#options.bytesPerMs;
    this.#after(this.#freeAtMs - nowMs, () => {
      this.#bufferedBytes -= message.byteLength;
      this.#sender().drained();
    });
    this.#after(this.#freeAtMs - nowMs + this.#options.latencyMs, () => this.#receiver().receive(message));
  }

  close(code: number): void {
    if (this.#cut || this.closeCode !== null) return;
    this.closeCode = code;
    const nowMs = this.#clock.nowMs();
    this.#after(Math.max(nowMs, this.#freeAtMs) - nowMs + this.#options.latencyMs, () =>
      this.#receiver().closed(code),
    );
  }

  bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** What is under way is lost. */
  cut(): void {
    this.#cut = true;
  }

  #after(delayMs: number, run: () => void): void {
    // Whole milliseconds: sums of fractions would make timers that never come due.
    this.#clock.after(Math.ceil(delayMs), () => {
      if (!this.#cut) run();
    });
  }
}
