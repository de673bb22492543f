/** A caller's turn lasts so long; then the next caller's begins. */
const TURN_MS = 1_000;
/** A waiting message asks again several times within this time. If it does not, its object is gone. */
const ASKED_MS = 2_000;

/** One caller's waiting messages and when each last asked, the longest wait first. */
interface Line<T> {
  letIn: Map<T, number>;
  waiting: Map<T, number>;
}

/**
 * Decides which waiting message gets room next. Callers take turns, so that one caller's unfinished messages do not delay another's.
 * Within a caller, messages that have room already come first, because what they hold is useless until they are complete.
 */
export class Turns<Caller extends object, T> {
  /** The first caller is the one whose turn it is. */
  readonly #lines = new Map<Caller, Line<T>>();
  /** The caller that last got room, and since when no other caller did. */
  #served: { caller: Caller; sinceMs: number } | null = null;

  /** `who` asked for room and has to wait. */
  wait(caller: Caller, who: T, isLetIn: boolean, nowMs: number): void {
    let line = this.#lines.get(caller);
    if (line === undefined) {
      line = { letIn: new Map(), waiting: new Map() };
      this.#lines.set(caller, line);
    }
    (isLetIn ? line.letIn : line.waiting).set(who, nowMs);
  }

  leave(caller: Caller, who: T): void {
    const line = this.#lines.get(caller);
    if (line === undefined) return;
    line.letIn.delete(who);
    line.waiting.delete(who);
    if (line.letIn.size + line.waiting.size === 0) this.#lines.delete(caller);
  }

  served(caller: Caller, nowMs: number): void {
    if (this.#served?.caller !== caller) this.#served = { caller, sinceMs: nowMs };
  }

  /** Null if no message waits of a caller that `mayCome`. */
  next(mayCome: (caller: Caller) => boolean, nowMs: number): T | null {
    this.#passOn(nowMs);
    for (const [caller, line] of this.#lines) {
      if (!mayCome(caller)) continue;
      for (const part of [line.letIn, line.waiting]) {
        for (const [who, askedMs] of part) {
          if (askedMs >= nowMs - ASKED_MS) return who;
          this.leave(caller, who);
        }
      }
    }
    return null;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#lines.values()) {
      yield* line.letIn.keys();
      yield* line.waiting.keys();
    }
  }

  #passOn(nowMs: number): void {
    if (this.#served === null || nowMs - this.#served.sinceMs < TURN_MS) return;
    const { caller } = this.#served;
    this.#served = null;
    const line = this.#lines.get(caller);
    if (line === undefined) return;
    this.#lines.delete(caller);
    this.#lines.set(caller, line);
  }
}
