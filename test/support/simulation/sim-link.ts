import type { Clock } from "../../../shared/time/clock.ts";
import { encodeMessage } from "../../../shared/protocol/frame-codec.ts";
import type { Frame } from "../../../shared/protocol/frame.ts";
import type { Transport } from "../../../shared/transport.ts";

export interface LinkOptions {
  latencyMs: number;
  bytesPerMs: number;
  /** How many bytes the sockets on the way accept before their sender sees a backlog. */
  socketBytes?: number;
}

export interface LinkEnd {
  receive(message: Uint8Array): void;
  drained(): void;
  closed(code: number): void;
}

/** One direction of a link. Messages take time on the wire, one after another, and none overtakes another. */
export class SimDirection implements Transport {
  readonly sent: Uint8Array[] = [];
  closeCode: number | null = null;
  /** Whether to keep messages, so that a test can look at their frames. */
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

  send(frames: readonly Frame[]): void {
    if (this.#cut || this.closeCode !== null) return;
    const message = encodeMessage(frames);
    if (this.#keeps) this.sent.push(message);
    const nowMs = this.#clock.nowMs();
    this.#bufferedBytes += message.byteLength;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + message.byteLength / this.#options.bytesPerMs;
    this.#at(this.#freeAtMs, () => {
      this.#bufferedBytes -= message.byteLength;
      this.#sender().drained();
    });
    this.#at(this.#freeAtMs + this.#options.latencyMs, () => this.#receiver().receive(message));
  }

  close(code: number): void {
    if (this.#cut || this.closeCode !== null) return;
    this.closeCode = code;
    const leftMs = Math.max(this.#clock.nowMs(), this.#freeAtMs);
    this.#at(leftMs + this.#options.latencyMs, () => this.#receiver().closed(code));
  }

  bufferedBytes(): number {
    return Math.max(0, this.#bufferedBytes - (this.#options.socketBytes ?? 0));
  }

  /** Drops everything in transit. */
  cut(): void {
    this.#cut = true;
  }

  #at(timeMs: number, run: () => void): void {
    // Round to whole milliseconds: sums of fractions would make timers that never become due. Round the time and not the
    // delay; otherwise a message sent between two milliseconds would be overtaken.
    this.#clock.after(Math.ceil(timeMs) - this.#clock.nowMs(), () => {
      if (!this.#cut) run();
    });
  }
}
