import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";

/** Every message gets so much room, and is never given up for it. Most are complete by then. */
export const SMALL_BYTES = 64 * 1024;
/** Room for larger messages that grow beside each other, without the one whose turn it is. */
const OPEN_BYTES = 8 * 1024 * 1024;
/** At most so many grow at a time. With more, each would have a little of its message and none would be complete soon. */
const MAX_OPEN = 8;
/** While gateways have not read so many bytes, no large message is begun. */
const UNREAD_BYTES = 4 * 1024 * 1024;
/** A waiting message asks again several times within this time. If it does not, its object is gone. */
const ASKED_MS = 2_000;
/** While others wait for room, a message of which nothing more comes for so long is given up. */
const SILENT_MS = 5_000;

/** Where the messages of an object's WebSockets are kept. */
export interface WebSocketMemory {
  account: MemoryAccount;
  /** The room of the whole isolate. */
  messages: MessageRoom;
}

/** A message of which some parts have arrived. */
export interface Assembly {
  readonly memory: MemoryAccount;
  /** There may be room now. Called in a turn of its own object. */
  wake(): void;
  /** Frees the parts. It must not do any I/O, because it may run in another object's turn. */
  drop(): void;
}

interface Unread {
  bytes: number;
}

interface Place {
  bytes: number;
  grewMs: number;
  isOpen: boolean;
}

/**
 * Room in which WebSocket messages are assembled, because the runtime sends only whole ones. A few grow beside each other as far as
 * they fit. Of those that do not fit, one at a time may grow to the limit of a message, so that each is complete at some point. The
 * others wait without credit.
 */
export class MessageRoom {
  readonly #nowMs: () => number;
  readonly #places = new Map<Assembly, Place>();
  /** Messages that have begun but find no room to grow, the longest wait first. */
  readonly #blocked = new Map<Assembly, number>();
  /** Messages that wait to begin, the longest wait first, with the time when each last asked. */
  readonly #waiting = new Map<Assembly, number>();
  #first: Assembly | null = null;
  #openCount = 0;
  #openBytes = 0;
  #unreadBytes = 0;
  readonly #unreadOf = new WeakMap<MemoryAccount, Unread>();
  /** An object that was reset did not report the end of its sockets' bytes. */
  readonly #lost = new FinalizationRegistry<Unread>(({ bytes }) => (this.#unreadBytes -= bytes));

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** False: not now. To be asked again in a moment. */
  grow(assembly: Assembly, bytes: number): boolean {
    const place = this.#places.get(assembly) ?? { bytes: 0, grewMs: 0, isOpen: false };
    if (place.bytes + bytes <= SMALL_BYTES || assembly === this.#first) {
      assembly.memory.hold(bytes);
    } else if (!this.#growOpen(assembly, place, bytes) && !this.#becomeFirst(assembly, place, bytes)) {
      (place.isOpen ? this.#blocked : this.#waiting).set(assembly, this.#nowMs());
      this.#endSilent();
      return false;
    }
    this.#waiting.delete(assembly);
    this.#blocked.delete(assembly);
    place.bytes += bytes;
    place.grewMs = this.#nowMs();
    this.#places.set(assembly, place);
    return true;
  }

  /** The message is complete, or nobody wants it any more. */
  leave(assembly: Assembly): void {
    if (this.#remove(assembly)) this.#wakeNext(assembly.memory);
  }

  /** So many bytes more, or less, wait in gateways' sockets of this object. */
  unread(bytes: number, memory: MemoryAccount): void {
    let unread = this.#unreadOf.get(memory);
    if (unread === undefined) {
      unread = { bytes: 0 };
      this.#unreadOf.set(memory, unread);
      this.#lost.register(memory, unread);
    }
    unread.bytes += bytes;
    this.#unreadBytes += bytes;
    if (bytes < 0 && this.#unreadBytes <= UNREAD_BYTES) this.#wakeNext(memory);
  }

  #growOpen(assembly: Assembly, place: Place, bytes: number): boolean {
    if (!place.isOpen && (this.#openCount >= MAX_OPEN || !this.#isNext(assembly))) return false;
    const openBytes = place.isOpen ? bytes : place.bytes + bytes;
    if (this.#openBytes + openBytes > OPEN_BYTES || !assembly.memory.take(bytes)) return false;
    if (!place.isOpen) this.#openCount++;
    place.isOpen = true;
    this.#openBytes += openBytes;
    return true;
  }

  #becomeFirst(assembly: Assembly, place: Place, bytes: number): boolean {
    if (this.#first !== null || !this.#isNext(assembly)) return false;
    this.#first = assembly;
    if (place.isOpen) this.#shut(place);
    assembly.memory.hold(bytes);
    return true;
  }

  /** Messages that have begun come first, because their parts are of no use until they are complete. */
  #isNext(assembly: Assembly): boolean {
    if (this.#unreadBytes > UNREAD_BYTES) return false;
    const next = this.#longestOf(this.#blocked) ?? this.#longestOf(this.#waiting);
    return next === null || next === assembly;
  }

  /** A message that has not asked for a while is gone. */
  #longestOf(line: Map<Assembly, number>): Assembly | null {
    const aliveMs = this.#nowMs() - ASKED_MS;
    for (const [assembly, askedMs] of line) {
      if (askedMs >= aliveMs) return assembly;
      line.delete(assembly);
    }
    return null;
  }

  #remove(assembly: Assembly): boolean {
    this.#waiting.delete(assembly);
    this.#blocked.delete(assembly);
    const place = this.#places.get(assembly);
    if (place === undefined) return false;
    this.#places.delete(assembly);
    assembly.memory.giveBack(place.bytes);
    if (place.isOpen) this.#shut(place);
    else if (assembly === this.#first) this.#first = null;
    return true;
  }

  #shut(place: Place): void {
    place.isOpen = false;
    this.#openCount--;
    this.#openBytes -= place.bytes;
  }

  /** Messages of other objects learn of it when they ask. */
  #wakeNext(memory: MemoryAccount): void {
    for (const line of [this.#blocked, this.#waiting]) {
      for (const assembly of line.keys()) if (assembly.memory === memory) return assembly.wake();
    }
  }

  /** Those that wait here are not to blame for standing still. */
  #endSilent(): void {
    const silentSinceMs = this.#nowMs() - SILENT_MS;
    for (const [assembly, { bytes, grewMs }] of this.#places) {
      if (bytes <= SMALL_BYTES || grewMs > silentSinceMs) continue;
      if (this.#waiting.has(assembly) || this.#blocked.has(assembly)) continue;
      // Nobody is woken: it may be another object's turn.
      this.#remove(assembly);
      assembly.drop();
    }
  }
}
