import { evenShare } from "./even-share.ts";

/** Who holds much, and can be ended for it. */
export interface Holder {
  readonly heldBytes: number;
  /** When something of it last went its way, in ms. */
  readonly progressMs: number;
  /** Lets go of what it holds, at once. Called in the turn of whoever needed the room: no I/O may come of it. */
  end(): void;
}

/** Who was promised room, and may not be using it. */
export interface Promised {
  /** Of the room that was promised and is not given back. */
  readonly heldBytes: number;
  /** What it would use. */
  readonly wantedBytes: number;
  /** Gives back what has not been used for a while. What comes later all the same is held when it comes. */
  reclaim(nowMs: number): void;
}

/** What has moved within this time is not slow. */
const PROGRESS_MS = 2_000;
/** Of what is free, a lone transfer over a long path needs most. The rest is for whoever comes next, until both share. */
const MAX_TAKEN_SHARE = 7 / 8;
/** Promises leave so much of what may be taken to queues and messages, which are here already. */
const LEFT_SHARE = 2 / 5;
/** How often at most promises are looked through. */
const RECLAIM_EVERY_MS = 200;
/** For so long after a promise fell short, those who have much go on sharing with those who want more. */
const SHARING_MS = 1_000;
/** How often at most it is reckoned what each may have. */
const SHARE_EVERY_MS = 10;
/** Less than this share of the whole is free: what is large and slow has to make room. */
const SHORT_SHARE = 1 / 8;

/**
 * Memory that all who keep bytes for others share: every object in an isolate, or every connection of a process. What is
 * small or cannot be refused is held in any case. What is large is taken as far as it may be had, never from the reserve,
 * and never all. Before the reserve is used up, the largest holder that has not moved for a while is ended.
 */
export class MemoryBudget {
  readonly #totalBytes: number;
  readonly #reserveBytes: number;
  /** Beyond it holders are ended: before the last of the reserve is gone. */
  readonly #reliefBytes: number;
  readonly #nowMs: () => number;
  readonly #accounts = new Set<WeakRef<MemoryAccount>>();
  readonly #lost = new FinalizationRegistry<Held>((held) => {
    this.change(-held.bytes);
    this.moving(-held.movingBytes);
  });
  #heldBytes = 0;
  #movingBytes = 0;
  #reclaimedMs = -Infinity;
  #fellShortMs = -Infinity;
  #sharedMs = -Infinity;
  #shareBytes = Infinity;

  /** `reserveBytes` of the total are for `hold` alone. */
  constructor(totalBytes: number, reserveBytes: number, nowMs: () => number) {
    this.#totalBytes = totalBytes;
    this.#reserveBytes = reserveBytes;
    this.#reliefBytes = totalBytes - reserveBytes / 2;
    this.#nowMs = nowMs;
  }

  /** For one object: what it holds goes back with it, even where it is dropped without a word. */
  open(): MemoryAccount {
    const held: Held = { bytes: 0, movingBytes: 0 };
    const account = new MemoryAccount(this, held);
    for (const known of this.#accounts) if (known.deref() === undefined) this.#accounts.delete(known);
    this.#accounts.add(new WeakRef(account));
    this.#lost.register(account, held);
    return account;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of what may be taken. */
  get freeBytes(): number {
    return Math.max(0, this.#takeableBytes - this.#heldBytes);
  }

  get isShort(): boolean {
    return this.freeBytes < this.#takeableBytes * SHORT_SHARE;
  }

  /** Of what may be promised. */
  get promisableBytes(): number {
    return Math.max(0, Math.floor(this.freeBytes - this.#leftBytes));
  }

  /**
   * Of what promises leave, how much is free: 1 while nobody keeps anything waiting. What is under way does not wait; if it
   * counted, a long path would make the reads small that fill it.
   */
  get roomShare(): number {
    return Math.min(1, (this.freeBytes + this.#movingBytes) / this.#leftBytes);
  }

  get #takeableBytes(): number {
    return this.#totalBytes - this.#reserveBytes;
  }

  get #leftBytes(): number {
    return this.#takeableBytes * LEFT_SHARE;
  }

  /** Takes back from all what was promised and is not used. */
  reclaim(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#reclaimedMs < RECLAIM_EVERY_MS) return;
    this.#reclaimedMs = nowMs;
    for (const known of this.#accounts) {
      for (const promised of known.deref()?.promised ?? []) promised.reclaim(nowMs);
    }
  }

  /** Somebody wanted more than could be promised. */
  fellShort(): void {
    this.#fellShortMs = this.#nowMs();
  }

  /** What each of those may have to whom room is promised; Infinity while nobody goes short. */
  get shareBytes(): number {
    const nowMs = this.#nowMs();
    if (nowMs - this.#fellShortMs > SHARING_MS) return Infinity;
    if (nowMs - this.#sharedMs >= SHARE_EVERY_MS) {
      this.#sharedMs = nowMs;
      this.#shareBytes = this.#evenShare();
    }
    return this.#shareBytes;
  }

  #evenShare(): number {
    const wanted: number[] = [];
    let roomBytes = this.promisableBytes;
    for (const known of this.#accounts) {
      for (const promised of known.deref()?.promised ?? []) {
        wanted.push(promised.wantedBytes);
        roomBytes += promised.heldBytes;
      }
    }
    return evenShare(wanted, roomBytes);
  }

  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#totalBytes;
  }

  /** Of an account. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Of an account: so much of what is held is under way. */
  moving(bytes: number): void {
    this.#movingBytes += bytes;
  }

  /** Ends the largest holders while too much is held, those first that have not moved lately. */
  relieve(): void {
    while (this.#heldBytes > this.#reliefBytes) {
      const largest = this.#largest(this.#nowMs() - PROGRESS_MS) ?? this.#largest(Infinity);
      if (largest === null) return;
      largest.account.remove(largest.holder);
      largest.holder.end();
    }
  }

  #largest(movedBeforeMs: number): { account: MemoryAccount; holder: Holder } | null {
    let largest: { account: MemoryAccount; holder: Holder } | null = null;
    for (const known of this.#accounts) {
      const account = known.deref();
      if (account === undefined) continue;
      for (const holder of account.holders) {
        if (holder.heldBytes === 0 || holder.progressMs > movedBeforeMs) continue;
        if (largest === null || holder.heldBytes > largest.holder.heldBytes) largest = { account, holder };
      }
    }
    return largest;
  }
}

interface Held {
  bytes: number;
  movingBytes: number;
}

/** One object's part of the budget. */
export class MemoryAccount {
  readonly #budget: MemoryBudget;
  readonly #held: Held;
  readonly #holders = new Set<Holder>();
  readonly promised = new Set<Promised>();
  /** What it held when it came to rest; null while it is awake. */
  #restingBytes: number | null = null;

  constructor(budget: MemoryBudget, held: Held) {
    this.#budget = budget;
    this.#held = held;
  }

  get holders(): Iterable<Holder> {
    return this.#holders;
  }

  get heldBytes(): number {
    return this.#restingBytes ?? this.#held.bytes;
  }

  get freeBytes(): number {
    return this.#budget.freeBytes;
  }

  get isShort(): boolean {
    return this.#budget.isShort;
  }

  /** Could so much be held without anybody's end? */
  hasRoomFor(bytes: number): boolean {
    return this.#budget.hasRoomFor(bytes);
  }

  /**
   * How much each of many may keep waiting: less, as soon as less is free than promises leave, and steeply, so that the
   * last of a thousand finds something as well.
   */
  shareBytes(minBytes: number, maxBytes: number): number {
    return Math.max(minBytes, Math.floor(maxBytes * this.#budget.roomShare ** 3));
  }

  /** For what is small, or is here already. */
  hold(bytes: number): void {
    this.#change(bytes);
    this.#budget.relieve();
  }

  /** What one window may have: no more than others who want as much. */
  get shareOfPromised(): number {
    return this.#budget.shareBytes;
  }

  /** So much more is under way; less, where it is negative. It leaves as fast as the path takes it. */
  move(bytes: number): void {
    this.#held.movingBytes += bytes;
    this.#budget.moving(bytes);
    if (bytes > 0) this.hold(bytes);
    else this.giveBack(-bytes);
  }

  /** For what may come: as much of `bytes` as may be had, and never all that is free. */
  promise(bytes: number): number {
    if (bytes > this.#budget.promisableBytes * MAX_TAKEN_SHARE) this.#budget.reclaim();
    const taken = Math.max(0, Math.floor(Math.min(bytes, this.#budget.promisableBytes * MAX_TAKEN_SHARE)));
    if (taken < bytes) this.#budget.fellShort();
    this.#change(taken);
    return taken;
  }

  /** All of it or nothing. */
  take(bytes: number): boolean {
    if (bytes > this.#budget.freeBytes) return false;
    this.#change(bytes);
    return true;
  }

  giveBack(bytes: number): void {
    this.#change(-bytes);
  }

  /** Ends holders until the whole has room for so much; false: it has not, and nobody is left to end. */
  makeRoomFor(bytes: number): boolean {
    this.#change(bytes);
    this.#budget.relieve();
    this.#change(-bytes);
    return this.#budget.hasRoomFor(bytes);
  }

  add(holder: Holder): void {
    this.#holders.add(holder);
  }

  remove(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /**
   * Nothing is under way: what is held is only what might come. Whoever sleeps may lose its memory without a word, and
   * would go on counting. The next change ends the rest.
   */
  rest(): void {
    if (this.#restingBytes !== null) return;
    this.#restingBytes = this.#held.bytes;
    this.#budget.change(-this.#held.bytes);
    this.#held.bytes = 0;
  }

  #change(bytes: number): void {
    const awakened = this.#restingBytes ?? 0;
    this.#restingBytes = null;
    this.#held.bytes += awakened + bytes;
    this.#budget.change(awakened + bytes);
  }
}
