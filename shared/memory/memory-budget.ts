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
  /** Gives back what has not been used for a while. What comes later all the same is held when it comes. */
  reclaim(nowMs: number): void;
}

/** What has moved within this time is not slow. */
const PROGRESS_MS = 2_000;
/** Of what is free, a lone transfer over a long path needs most; the second one still gets a quarter of that, and so on. */
const MAX_TAKEN_SHARE = 3 / 4;
/** Promises leave so much of what may be taken to queues and messages, which are here already. */
const LEFT_SHARE = 2 / 5;
/** How often at most promises are looked through. */
const RECLAIM_EVERY_MS = 200;
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
  readonly #lost = new FinalizationRegistry<Held>((held) => this.change(-held.bytes));
  #heldBytes = 0;
  #reclaimedMs = -Infinity;

  /** `reserveBytes` of the total are for `hold` alone. */
  constructor(totalBytes: number, reserveBytes: number, nowMs: () => number) {
    this.#totalBytes = totalBytes;
    this.#reserveBytes = reserveBytes;
    this.#reliefBytes = totalBytes - reserveBytes / 2;
    this.#nowMs = nowMs;
  }

  /** For one object: what it holds goes back with it, even where it is dropped without a word. */
  open(): MemoryAccount {
    const held: Held = { bytes: 0 };
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
    return Math.max(0, this.#totalBytes - this.#reserveBytes - this.#heldBytes);
  }

  /** The same, as a share of what there is. */
  get freeShare(): number {
    return this.freeBytes / (this.#totalBytes - this.#reserveBytes);
  }

  get isShort(): boolean {
    return this.freeShare < SHORT_SHARE;
  }

  /** Of what may be promised. */
  get promisableBytes(): number {
    const leftBytes = (this.#totalBytes - this.#reserveBytes) * LEFT_SHARE;
    return Math.max(0, Math.floor(this.freeBytes - leftBytes));
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

  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#totalBytes;
  }

  /** Of an account. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
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
   * How much each of many may keep waiting: less, as soon as less than half is free, and steeply, so that the last of a
   * thousand finds something as well.
   */
  shareBytes(minBytes: number, maxBytes: number): number {
    const share = Math.min(1, 2 * this.#budget.freeShare) ** 3;
    return Math.max(minBytes, Math.floor(maxBytes * share));
  }

  /** For what is small, or is here already. */
  hold(bytes: number): void {
    this.#change(bytes);
    this.#budget.relieve();
  }

  /** For what may come: as much of `bytes` as may be had, at most this share of what is free. */
  promise(bytes: number, maxShare = MAX_TAKEN_SHARE): number {
    if (bytes > this.#budget.promisableBytes * maxShare) this.#budget.reclaim();
    const taken = Math.max(0, Math.floor(Math.min(bytes, this.#budget.promisableBytes * maxShare)));
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
