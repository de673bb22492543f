import { evenShare } from "./even-share.ts";

/** A user of memory that can be ended to free it. */
export interface Holder {
  readonly heldBytes: number;
  /** When some of its bytes last moved on, in ms. */
  readonly progressMs: number;
  /** Frees its memory at once. It is called in the turn of another user that needs memory, so it must not do any I/O. */
  end(): void;
}

/** A user of memory that was promised more than it may be using. */
export interface Promised {
  /** The promised bytes that it has not given back. */
  readonly heldBytes: number;
  /** The bytes that it would like to use. */
  readonly wantedBytes: number;
  /**
   * Gives back what has not been used for a while and, if somebody else needs it now, what nothing has come for yet. Bytes that come
   * later anyway are counted when they come.
   */
  reclaim(nowMs: number, isNeeded: boolean): void;
}

/** A user that moved bytes within this time is not slow. */
const PROGRESS_MS = 2_000;
/** A lone transfer over a long path may take this share of the free bytes. The rest is for the next one, until both share. */
const MAX_TAKEN_SHARE = 7 / 8;
/** The share that promises leave for queues and messages, which are already here. */
const LEFT_SHARE = 2 / 5;
/** The shortest time between two searches for unused promises. */
const RECLAIM_EVERY_MS = 200;
/** How long users with much memory go on sharing after somebody got less than wanted. */
const SHARING_MS = 1_000;
/** The shortest time between two computations of the share. */
const SHARE_EVERY_MS = 10;
/** If less than this share of the total is free, large and slow users have to free memory. */
const SHORT_SHARE = 1 / 8;

/**
 * The memory budget that every object of an isolate, or every connection of a process, shares. Small things, and those that cannot
 * be refused, always count (`hold`). Large things get as much as is available, but never from the reserve and never all of it
 * (`take`, `promise`). Before the reserve is used up, the largest holder that has not moved for a while is ended.
 */
export class MemoryBudget {
  readonly #totalBytes: number;
  readonly reserveBytes: number;
  /** If more is used, holders are ended. This happens before the reserve is used up. */
  readonly #reliefBytes: number;
  readonly #nowMs: () => number;
  readonly #accounts = new Set<WeakRef<MemoryAccount>>();
  readonly #lost = new FinalizationRegistry<Held>((held) => {
    this.change(-held.bytes);
    this.moving(-held.movingBytes);
  });
  #heldBytes = 0;
  #movingBytes = 0;
  #hasNewPromises = false;
  #reclaimedMs = -Infinity;
  #fellShortMs = -Infinity;
  #sharedMs = -Infinity;
  #shareBytes = Infinity;

  /** Only `hold` may use the last `reserveBytes` of the total. */
  constructor(totalBytes: number, reserveBytes: number, nowMs: () => number) {
    this.#totalBytes = totalBytes;
    this.reserveBytes = reserveBytes;
    this.#reliefBytes = totalBytes - reserveBytes / 2;
    this.#nowMs = nowMs;
  }

  /** Opens an account for one object. Its bytes are returned when it is garbage-collected, even if it never closed its account. */
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

  /** Bytes that may still be taken. */
  get freeBytes(): number {
    return Math.max(0, this.#takeableBytes - this.#heldBytes);
  }

  get isShort(): boolean {
    return this.freeBytes < this.#takeableBytes * SHORT_SHARE;
  }

  /** Bytes that may still be promised. */
  get promisableBytes(): number {
    return Math.max(0, Math.floor(this.freeBytes - this.#leftBytes));
  }

  /**
   * The free share of what promises leave: 1 while nothing is waiting. Bytes that are under way do not count as waiting. If they
   * did, a long path would make the reads small that have to fill it.
   */
  get roomShare(): number {
    return Math.min(1, (this.freeBytes + this.#movingBytes) / this.#leftBytes);
  }

  get #takeableBytes(): number {
    return this.#totalBytes - this.reserveBytes;
  }

  get #leftBytes(): number {
    return this.#takeableBytes * LEFT_SHARE;
  }

  /**
   * Takes back all promises that are not used. `isNeeded`: nobody has to be ended or refused for a promise, so those that are too new to
   * be used are taken back as well.
   */
  reclaim(isNeeded: boolean): void {
    const nowMs = this.#nowMs();
    const isFresh = isNeeded && this.#hasNewPromises;
    if (!isFresh && nowMs - this.#reclaimedMs < RECLAIM_EVERY_MS) return;
    this.#reclaimedMs = nowMs;
    if (isNeeded) this.#hasNewPromises = false;
    for (const known of this.#accounts) {
      for (const promised of known.deref()?.promised ?? []) promised.reclaim(nowMs, isNeeded);
    }
  }

  promised(): void {
    this.#hasNewPromises = true;
  }

  /** Somebody got a smaller promise than wanted. */
  fellShort(): void {
    this.#fellShortMs = this.#nowMs();
  }

  /** How much each user may be promised; Infinity while everybody gets enough. */
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

  /** An account changed by so many bytes. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** An account's bytes under way changed by so many. */
  moving(bytes: number): void {
    this.#movingBytes += bytes;
  }

  /** While too much is used, takes back promises and then ends the largest holders, beginning with those that have not moved lately. */
  relieve(): void {
    if (this.#heldBytes > this.#reliefBytes) this.reclaim(true);
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
  /** The bytes that it had when it came to rest; null while it is awake. */
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

  /** Bytes of the whole that `take` and `promise` leave alone. */
  get reserveBytes(): number {
    return this.#budget.reserveBytes;
  }

  get isShort(): boolean {
    return this.#budget.isShort;
  }

  /** Whether so many bytes fit without ending anybody. */
  hasRoomFor(bytes: number): boolean {
    return this.#budget.hasRoomFor(bytes);
  }

  /**
   * How much each of many users may keep waiting. The share falls steeply once less is free than promises leave, so that there is
   * something left for the last of a thousand.
   */
  shareBytes(minBytes: number, maxBytes: number): number {
    return Math.max(minBytes, Math.floor(maxBytes * this.#budget.roomShare ** 3));
  }

  /** Counts bytes that are small or already here. */
  hold(bytes: number): void {
    this.#change(bytes);
    this.#budget.relieve();
  }

  /** How much one window may be promised: not more than others that want as much. */
  get shareOfPromised(): number {
    return this.#budget.shareBytes;
  }

  /** So many more bytes are under way (fewer if negative). They leave as fast as the path carries them. */
  move(bytes: number): void {
    this.#held.movingBytes += bytes;
    this.#budget.moving(bytes);
    if (bytes > 0) this.hold(bytes);
    else this.giveBack(-bytes);
  }

  /** Promises memory for bytes that may come: as much of `bytes` as is available, and never everything that is free. */
  promise(bytes: number): number {
    if (bytes > this.#budget.promisableBytes * MAX_TAKEN_SHARE) this.#budget.reclaim(false);
    const taken = Math.max(0, Math.floor(Math.min(bytes, this.#budget.promisableBytes * MAX_TAKEN_SHARE)));
    if (taken < bytes) this.#budget.fellShort();
    this.#change(taken);
    if (taken > 0) this.#budget.promised();
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

  /** Ends holders until so many bytes fit. False: they do not fit, and nobody is left to end. */
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
   * Nothing is under way, so the account only has promises. A sleeping object may lose its memory unnoticed and would still be
   * counted, so its bytes are given back until the next change.
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
