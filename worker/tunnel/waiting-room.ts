import type { Clock } from "../../shared/clock.ts";

/** What others hold longer than this is not about to end. */
const MAX_WAIT_MS = 5_000;
/** Requests that wait hold memory: beyond this they fail at once. */
const MAX_WAITING = 512;

interface Waiting {
  /** Has the request begun, and tells it what came of that. */
  enter(): void;
}

interface Queue<Party> {
  party: Party;
  waiting: Set<Waiting>;
}

/**
 * Requests whose share others have borrowed, until some of it comes back. Those of one caller to one service wait in
 * line; of the lines that there is room for, the one whose rank is least goes next.
 */
export class WaitingRoom<Party> {
  readonly #clock: Clock;
  readonly #rankOf: (party: Party) => number;
  readonly #queues = new Map<string, Queue<Party>>();
  #size = 0;
  #isLettingIn = false;

  constructor(clock: Clock, rankOf: (party: Party) => number) {
    this.#clock = clock;
    this.#rankOf = rankOf;
  }

  get isFull(): boolean {
    return this.#size >= MAX_WAITING;
  }

  /** Of those in this line; of all, without one. */
  isEmpty(line?: string): boolean {
    return line === undefined ? this.#size === 0 : !this.#queues.has(line);
  }

  /** What `begin` returns or throws, once it is this one's turn, or its time is over. */
  wait<T>(line: string, party: Party, begin: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const queue = this.#queues.get(line) ?? { party, waiting: new Set<Waiting>() };
    const waiting: Waiting = {
      enter: () => {
        cancelTimer();
        queue.waiting.delete(waiting);
        this.#size--;
        if (queue.waiting.size === 0) this.#queues.delete(line);
        try {
          resolve(begin());
        } catch (thrown) {
          reject(thrown);
        }
      },
    };
    const cancelTimer = this.#clock.after(MAX_WAIT_MS, () => waiting.enter());
    queue.waiting.add(waiting);
    this.#queues.set(line, queue);
    this.#size++;
    return promise;
  }

  /** A stream has ended, or there is more credit. `hasRoom` is asked anew after each that was let in. */
  roomCame(hasRoom: (party: Party) => boolean): void {
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    for (let next = this.#next(hasRoom); next !== null; next = this.#next(hasRoom)) next.enter();
    this.#isLettingIn = false;
  }

  #next(hasRoom: (party: Party) => boolean): Waiting | null {
    let best: Queue<Party> | null = null;
    for (const queue of this.#queues.values()) {
      if (!hasRoom(queue.party)) continue;
      if (best === null || this.#rankOf(queue.party) < this.#rankOf(best.party)) best = queue;
    }
    const [first = null] = best?.waiting ?? [];
    return first;
  }
}
