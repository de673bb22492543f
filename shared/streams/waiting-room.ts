import type { Clock } from "../time/clock.ts";
import { callerOf, type StreamParty } from "./stream-shares.ts";

/**
 * Waiting is counted in steps of this length. After a machine stood still, its timers are due before it has read which streams
 * ended meanwhile, and nobody should be refused for that.
 */
const STEP_MS = 500;
/** A line gives up if nobody in it was let in for so long, because then the others' streams will not end soon either. */
const MAX_STILL_MS = 5_000;
/** The longest wait in a line that moves. Callers rarely wait longer. */
const MAX_WAIT_MS = 30_000;
/** Waiting requests need memory. Beyond this number, those of the callers with the most are refused at once. */
const MAX_WAITING = 512;

interface Waiting {
  sinceStep: number;
  enter(): void;
}

/** The waiting requests of one caller to one service. */
interface Line {
  key: string;
  party: StreamParty;
  waiting: Set<Waiting>;
  step: number;
  letInStep: number;
  cancelTimer: () => void;
}

/**
 * Requests that wait until a stream of their share, which others have borrowed, comes back. The requests of one caller to one
 * service wait in line. Of the lines that there is room for, the one with the lowest rank is next.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #rankOf: (party: StreamParty) => number;
  readonly #lines = new Map<string, Line>();
  readonly #waitingOf = new Map<string, number>();
  #size = 0;
  #isLettingIn = false;

  constructor(clock: Clock, rankOf: (party: StreamParty) => number) {
    this.#clock = clock;
    this.#rankOf = rankOf;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Whether the same line already has a waiting request. */
  hasLine(party: StreamParty): boolean {
    return this.#lines.has(lineOf(party));
  }

  /**
   * Calls `enter` when it is this request's turn, when its time is over, or when a caller with fewer waiting requests needs the
   * place. The returned function ends the wait. Null: there is no place to wait.
   */
  wait(party: StreamParty, enter: () => void): (() => void) | null {
    if (this.#size >= MAX_WAITING && !this.#makePlace(callerOf(party))) return null;
    const line = this.#line(party);
    const waiting: Waiting = {
      sinceStep: line.step,
      enter: () => {
        this.#leave(line, waiting);
        enter();
      },
    };
    line.waiting.add(waiting);
    this.#count(party, 1);
    return () => this.#leave(line, waiting);
  }

  /** A stream has ended, or there is more credit. `hasRoom` is called again after each request that was let in. */
  roomCame(hasRoom: (party: StreamParty) => boolean): void {
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    try {
      for (let line = this.#next(hasRoom); line !== null; line = this.#next(hasRoom)) {
        line.letInStep = line.step;
        const [first] = line.waiting;
        first?.enter();
      }
    } finally {
      this.#isLettingIn = false;
    }
  }

  #line(party: StreamParty): Line {
    const key = lineOf(party);
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line: Line = { key, party, waiting: new Set(), step: 0, letInStep: 0, cancelTimer: () => {} };
    this.#lines.set(key, line);
    this.#scheduleStep(line);
    return line;
  }

  #leave(line: Line, waiting: Waiting): void {
    if (!line.waiting.delete(waiting)) return;
    this.#count(line.party, -1);
    if (line.waiting.size > 0) return;
    line.cancelTimer();
    this.#lines.delete(line.key);
  }

  #count(party: StreamParty, change: 1 | -1): void {
    this.#size += change;
    const caller = callerOf(party);
    const next = (this.#waitingOf.get(caller) ?? 0) + change;
    if (next > 0) this.#waitingOf.set(caller, next);
    else this.#waitingOf.delete(caller);
  }

  #next(hasRoom: (party: StreamParty) => boolean): Line | null {
    let best: Line | null = null;
    for (const line of this.#lines.values()) {
      if (!hasRoom(line.party)) continue;
      if (best === null || this.#rankOf(line.party) < this.#rankOf(best.party)) best = line;
    }
    return best;
  }

  /** Ends the newest wait of the caller with the most waiting requests, if that is another caller with more than this one. */
  #makePlace(caller: string): boolean {
    const own = this.#waitingOf.get(caller) ?? 0;
    let most: string | null = null;
    for (const [other, count] of this.#waitingOf)
      if (count > (most === null ? own + 1 : (this.#waitingOf.get(most) ?? 0))) most = other;
    if (most === null) return false;
    let longest: Line | null = null;
    for (const line of this.#lines.values())
      if (callerOf(line.party) === most && line.waiting.size > (longest?.waiting.size ?? 0)) longest = line;
    [...(longest?.waiting ?? [])].at(-1)?.enter();
    return true;
  }

  #scheduleStep(line: Line): void {
    line.cancelTimer = this.#clock.after(STEP_MS, () => {
      this.#scheduleStep(line);
      this.#tick(line);
    });
  }

  #tick(line: Line): void {
    line.step++;
    for (const waiting of [...line.waiting]) {
      const stillMs = (line.step - Math.max(line.letInStep, waiting.sinceStep)) * STEP_MS;
      const waitedMs = (line.step - waiting.sinceStep) * STEP_MS;
      // Those behind it came later.
      if (stillMs < MAX_STILL_MS && waitedMs < MAX_WAIT_MS) return;
      waiting.enter();
    }
  }
}

function lineOf(party: StreamParty): string {
  return `${callerOf(party)}\n${party.service}`;
}
