import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { WaitingCost } from "../../../shared/memory/waiting-cost.ts";
import { MESSAGE_OVERHEAD_BYTES } from "../../../shared/protocol/index.ts";

/** Beyond this nothing more is sent, whatever the client grants, because unread bytes are kept in this isolate. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** The same while memory is short. */
const SHORT_UNREAD_BYTES = 32 * 1024;
const LOOK_EVERY_MS = 20;

/** Bytes sent on a WebSocket that are still in this isolate. `send` never waits, so a client that does not read would fill memory. */
export class UnreadBytes {
  readonly #socket: Pick<WebSocket, "bufferedAmount">;
  readonly #memory: MemoryAccount;
  readonly #cost = new WaitingCost(MESSAGE_OVERHEAD_BYTES);
  #countedBytes = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isOver = false;

  constructor(socket: Pick<WebSocket, "bufferedAmount">, memory: MemoryAccount) {
    this.#socket = socket;
    this.#memory = memory;
  }

  /** After a message of this size was sent: resolves once there may be another. */
  async untilRoom(sentBytes: number): Promise<void> {
    this.#cost.sent(sentBytes);
    this.#look();
    while (!this.#isOver && this.#countedBytes > this.#limitBytes) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      this.#look();
    }
  }

  over(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#count(0);
  }

  get #limitBytes(): number {
    return this.#memory.isShort ? SHORT_UNREAD_BYTES : MAX_UNREAD_BYTES;
  }

  #look(): void {
    if (this.#isOver) return;
    this.#count(this.#cost.of(this.#socket.bufferedAmount));
    // Bytes that leave later have to be uncounted too, even if nothing more is sent.
    if (this.#countedBytes === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, LOOK_EVERY_MS);
  }

  #count(bytes: number): void {
    const addedBytes = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    if (addedBytes > 0) this.#memory.hold(addedBytes);
    else this.#memory.giveBack(-addedBytes);
  }
}
