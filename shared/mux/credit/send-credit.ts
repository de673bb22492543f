import { MAX_QUESTIONS, MIN_UNDER_WAY_BYTES, connectionError, maxDataBytes } from "../../protocol/index.ts";
import { TokenBucket } from "../../time/token-bucket.ts";
import { FlightLimit } from "./flight-limit.ts";
import { type SendBudget, SendWindow } from "./flow-window.ts";

/** On a narrow path, what may be under way is sent in this many pieces, with a question after each. */
const PIECES = 4;
/** Numbers of questions start again after this. */
const LAST_QUESTION = 0xf_ffff;

/** A PING sent at this offset: its answer says that everything before it has arrived. */
interface Question {
  number: number;
  offsetBytes: number;
}

/**
 * What this end may send on a connection, over all its streams. The peer's window, the path, and the budget that it shares with
 * other connections limit it. See docs/protocol.md, "What either end has under way"; decision 58.
 */
export class SendCredit {
  readonly #window: SendWindow;
  readonly #flight = new FlightLimit(MIN_UNDER_WAY_BYTES);
  readonly #budget: SendBudget;
  /** The window as the peer granted it at first. */
  #peerWindowBytes: number;
  /** The unacknowledged bytes that the budget knows of. */
  #notedBytes = 0;
  /** The peer has received everything up to here, by its credit or its answers. */
  #arrivedBytes = 0;
  readonly #questions: Question[] = [];
  #lastNumber = 0;
  #askedBytes = 0;
  readonly #allowance = new TokenBucket(MAX_QUESTIONS);

  constructor(budget: SendBudget, peerWindowBytes: number, takesQuestions: boolean) {
    this.#window = new SendWindow(peerWindowBytes);
    this.#budget = budget;
    this.#peerWindowBytes = peerWindowBytes;
    if (takesQuestions) this.#flight.useFineAnswers();
  }

  get sentBytes(): number {
    return this.#window.sentBytes;
  }

  get limitBytes(): number {
    return this.#window.limitBytes;
  }

  /** The peer has announced its window. `takesQuestions`: it allows a PING behind each piece. */
  adopt(peerWindowBytes: number, takesQuestions: boolean): void {
    this.#peerWindowBytes = peerWindowBytes;
    this.#window.grant(peerWindowBytes);
    if (takesQuestions) this.#flight.useFineAnswers();
  }

  /** Continues from before a loss of memory. */
  restore(sentBytes: number, limitBytes: number): void {
    this.#window.spend(sentBytes);
    this.#window.grant(limitBytes);
    this.#arrivedBytes = Math.min(sentBytes, limitBytes - this.#peerWindowBytes);
    this.#askedBytes = sentBytes;
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
    this.#arrived(limitBytes - this.#peerWindowBytes, nowMs);
    return true;
  }

  spend(costBytes: number): void {
    this.#window.spend(costBytes);
  }

  /** Bytes came the other way. */
  received(bytes: number, nowMs: number): void {
    this.#flight.received(bytes, nowMs);
  }

  /** A message was sent. */
  sent(nowMs: number): void {
    this.#flight.sent(this.#window.sentBytes, this.#underWayBytes, nowMs);
  }

  /** How much a single frame of DATA may carry, toward a peer with these capabilities. */
  frameBytes(capabilities: number): number {
    return Math.min(maxDataBytes(capabilities), this.#flight.frameBytes);
  }

  /** How much may leave in the next message. */
  roomBytes(nowMs: number): number {
    const underWayBytes = this.#underWayBytes;
    return Math.min(
      this.#budget.roomBytes(underWayBytes),
      this.#flight.isNarrow ? this.#narrowRoomBytes(nowMs) : this.#flight.bytes - underWayBytes,
      this.#window.availableBytes,
    );
  }

  /**
   * The number of a question to send now, before anything else; null: none. Where the limit is below the steps in which credit
   * returns, only answers tell what has arrived.
   */
  question(nowMs: number): number | null {
    const sentBytes = this.#window.sentBytes;
    const unaskedBytes = sentBytes - this.#askedBytes;
    if (unaskedBytes === 0 || !this.#isDue(unaskedBytes) || !this.#allowance.take(nowMs)) return null;
    this.#lastNumber = (this.#lastNumber % LAST_QUESTION) + 1;
    this.#questions.push({ number: this.#lastNumber, offsetBytes: sentBytes });
    this.#askedBytes = sentBytes;
    return this.#lastNumber;
  }

  #isDue(unaskedBytes: number): boolean {
    if (!this.#flight.isNarrow) return false;
    const isFull = this.#flight.bytes - this.#underWayBytes < this.#pieceBytes;
    return unaskedBytes >= this.#pieceBytes || (this.#questions.length === 0 && isFull);
  }

  /** Questions are answered in order. False: this one was not asked, or has been answered. */
  answered(number: number, nowMs: number): boolean {
    const question = this.#questions.find((asked) => asked.number === number);
    if (question === undefined) return false;
    this.#arrived(question.offsetBytes, nowMs);
    return true;
  }

  /** Updates the budget, which may let other connections send at once. */
  note(): void {
    this.#noteBytes(this.#underWayBytes);
  }

  /** Nothing of the connection is under way any more. */
  dispose(): void {
    this.#noteBytes(0);
  }

  /** A whole piece or nothing: otherwise each answer would free a smaller piece, which needs a question of its own. */
  #narrowRoomBytes(nowMs: number): number {
    if (!this.#allowance.has(nowMs)) return MIN_UNDER_WAY_BYTES - this.#underWayBytes;
    return this.#flight.bytes - this.#underWayBytes < this.#pieceBytes ? 0 : this.#pieceBytes;
  }

  get #pieceBytes(): number {
    return Math.floor(this.#flight.bytes / PIECES);
  }

  #arrived(offsetBytes: number, nowMs: number): void {
    const newBytes = offsetBytes - this.#arrivedBytes;
    if (newBytes <= 0) return;
    this.#arrivedBytes = offsetBytes;
    // Credit answers questions, too, so a peer that ignores them cannot make this list grow.
    while ((this.#questions[0]?.offsetBytes ?? Infinity) <= offsetBytes) this.#questions.shift();
    this.#flight.acknowledged(offsetBytes, newBytes, nowMs);
  }

  get #underWayBytes(): number {
    return this.#window.sentBytes - this.#arrivedBytes;
  }

  #noteBytes(nowBytes: number): void {
    const beforeBytes = this.#notedBytes;
    this.#notedBytes = nowBytes;
    if (nowBytes !== beforeBytes) this.#budget.change(beforeBytes, nowBytes);
  }
}
