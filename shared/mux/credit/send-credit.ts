import { MIN_UNDER_WAY_BYTES, connectionError } from "../../protocol/index.ts";
import { FlightLimit } from "./flight-limit.ts";
import { type SendBudget, SendWindow } from "./flow-window.ts";

/**
 * What this end may send on a connection, over all its streams. The peer's window, the path, and the budget that it shares with
 * other connections limit it. See docs/protocol.md, "Flow control".
 */
export class SendCredit {
  readonly #window: SendWindow;
  readonly #flight = new FlightLimit(MIN_UNDER_WAY_BYTES);
  readonly #budget: SendBudget;
  /** The window as the peer granted it at first. */
  #peerWindowBytes: number;
  /** The unacknowledged bytes that the budget knows of. */
  #notedBytes = 0;

  constructor(budget: SendBudget, peerWindowBytes: number) {
    this.#window = new SendWindow(peerWindowBytes);
    this.#budget = budget;
    this.#peerWindowBytes = peerWindowBytes;
  }

  get sentBytes(): number {
    return this.#window.sentBytes;
  }

  get limitBytes(): number {
    return this.#window.limitBytes;
  }

  /** The peer has announced its window. */
  adopt(peerWindowBytes: number): void {
    this.#peerWindowBytes = peerWindowBytes;
    this.#window.grant(peerWindowBytes);
  }

  /** Continues from before a loss of memory. */
  restore(sentBytes: number, limitBytes: number): void {
    this.#window.spend(sentBytes);
    this.#window.grant(limitBytes);
    this.note();
  }

  /** False: the limit is not new. Throws if it gives credit for bytes that were never sent. */
  grant(limitBytes: number, nowMs: number): boolean {
    const addedBytes = limitBytes - this.#window.limitBytes;
    if (addedBytes <= 0) return false;
    if (limitBytes > this.#window.sentBytes + this.#peerWindowBytes) {
      throw connectionError("FLOW_CONTROL", "connection credit for data that was never sent");
    }
    this.#window.grant(limitBytes);
    this.#flight.acknowledged(limitBytes - this.#peerWindowBytes, addedBytes, nowMs);
    return true;
  }

  spend(costBytes: number): void {
    this.#window.spend(costBytes);
  }

  /** A message was sent. */
  sent(nowMs: number): void {
    this.#flight.sent(this.#window.sentBytes, this.#underWayBytes, nowMs);
  }

  roomBytes(): number {
    const underWayBytes = this.#underWayBytes;
    const room = Math.min(this.#budget.roomBytes(underWayBytes), this.#flight.bytes - underWayBytes);
    return Math.min(room, this.#window.availableBytes);
  }

  /** Updates the budget, which may let other connections send at once. */
  note(): void {
    this.#noteBytes(this.#underWayBytes);
  }

  /** Nothing of the connection is under way any more. */
  dispose(): void {
    this.#noteBytes(0);
  }

  get #underWayBytes(): number {
    return Math.max(0, this.#window.sentBytes - (this.#window.limitBytes - this.#peerWindowBytes));
  }

  #noteBytes(nowBytes: number): void {
    const beforeBytes = this.#notedBytes;
    this.#notedBytes = nowBytes;
    if (nowBytes !== beforeBytes) this.#budget.change(beforeBytes, nowBytes);
  }
}
