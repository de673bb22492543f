import type { Holder, MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { MAX_WEBSOCKET_MESSAGE_BYTES } from "../../../shared/protocol/index.ts";
import { Turns } from "./turns.ts";

/** Every message gets so much room while memory is ample. Most are complete by then. */
export const SMALL_BYTES = 64 * 1024;
/** The same while memory is short. */
const LEAST_SMALL_BYTES = 32 * 1024;
/** Room for larger messages that grow beside each other, without the one whose turn it is. */
const OPEN_BYTES = 8 * 1024 * 1024;
/** At most so many grow at a time. With more, each would have a little of its message and none would be complete soon. */
const MAX_OPEN = 8;
/** No message grows into these last bytes of the budget, so that small requests find room. */
const KEPT_BYTES = 3 * 1024 * 1024;
/** While a caller's gateways have not read so many bytes, none of its large messages is begun. */
const UNREAD_BYTES = 4 * 1024 * 1024;
/** The same for all callers together. It is the size of one message, so one gateway alone does not stop the others. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
/** While others wait, a message with room has to grow by so much within `STILL_MS`. Otherwise it is given up. */
const PROGRESS_BYTES = 32 * 1024;
const STILL_MS = 5_000;
/** The same after one was given up, until a message is complete: twenty that never end then delay the others for one minute, not two. */
const STILL_AGAIN_MS = 3_000;
/** Others wait for one message no longer than this, however it grows. 16 MiB take as long at 2.3 Mbit/s. */
const MAX_HELD_UP_MS = 60_000;
/** Each check adds at most so much to the waiting time: after a pause of the process, what arrived meanwhile is not read yet. */
const STEP_MS = 500;
/** For the budget, a message stands still if it has neither grown nor asked for so long. */
const BUDGET_STILL_MS = 2_000;

/** Where the messages of an object's WebSockets are kept. */
export interface WebSocketMemory {
  account: MemoryAccount;
  /** The room of the whole isolate. */
  messages: MessageRoom;
}

/** A message of which some parts have arrived. */
export interface Assembly {
  readonly memory: MemoryAccount;
  /** Project and environment. Callers take turns. */
  readonly caller: string;
  /** There may be room now. Called in a turn of its own object. */
  wake(): void;
  /** Frees the parts. It must not do any I/O, because it may run in another object's turn. */
  drop(): void;
}

interface Caller {
  unreadBytes: number;
}

/** The room that one message holds. Times are on the clock of waiting, see `#waitedMs`. */
interface Place {
  bytes: number;
  /** Since when it has been free to grow. */
  sinceMs: number;
  /** When it last had grown by `PROGRESS_BYTES`, and its size then. */
  movedMs: number;
  movedAtBytes: number;
  /** When it last grew or asked, by the real clock. */
  seenMs: number;
  holder: Holder;
}

/**
 * Room in which WebSocket messages are assembled, because the runtime sends only whole ones. A few grow beside each other as far as
 * they fit. Of those that do not fit, one at a time may grow to the limit of a message, so that each is complete at some point. The
 * others wait without credit. Nothing says whether a message will ever be complete, so one that others wait for has to make progress.
 */
export class MessageRoom {
  readonly #nowMs: () => number;
  readonly #places = new Map<Assembly, Place>();
  readonly #turns = new Turns<Caller, Assembly>();
  readonly #callers = new WeakMap<MemoryAccount, Map<string, Caller>>();
  #first: Assembly | null = null;
  /** Messages that grow beside each other. */
  readonly #open = new Set<Assembly>();
  #openBytes = 0;
  #unreadBytes = 0;
  /** A clock that runs only while somebody waits. */
  #waitedMs = 0;
  #askedMs = -Infinity;
  #stillMs = STILL_MS;
  /** An object that was reset did not report the end of its sockets' bytes. */
  readonly #lost = new FinalizationRegistry<Map<string, Caller>>((callers) => {
    for (const { unreadBytes } of callers.values()) this.#unreadBytes -= unreadBytes;
  });

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** False: there is no room now. Ask again in a moment. */
  grow(assembly: Assembly, bytes: number): boolean {
    const place = this.#places.get(assembly) ?? this.#newPlace(assembly);
    place.seenMs = this.#nowMs();
    const isFirst = assembly === this.#first;
    const grew = isFirst
      ? this.#growFirst(assembly, bytes)
      : this.#growSmall(assembly, place, bytes) ||
        this.#growOpen(assembly, place, bytes) ||
        this.#becomeFirst(assembly, place, bytes);
    if (!grew) {
      // A message that waits for others is not to blame for standing still.
      if (!isFirst) this.#excuse(place);
      this.#holdBack(assembly);
      return false;
    }
    this.#turns.leave(this.#callerOf(assembly), assembly);
    place.bytes += bytes;
    if (place.bytes - place.movedAtBytes >= PROGRESS_BYTES) this.#moved(place);
    this.#places.set(assembly, place);
    assembly.memory.add(place.holder);
    return true;
  }

  /** The message is complete, or nobody wants it any more. */
  leave(assembly: Assembly): void {
    if (this.isIn(assembly)) this.#stillMs = STILL_MS;
    if (this.#remove(assembly)) this.#wakeNext(assembly.memory);
  }

  /** It has room that others may wait for. */
  isIn(assembly: Assembly): boolean {
    return assembly === this.#first || this.#open.has(assembly);
  }

  /** So many bytes more, or less, wait in gateways' sockets of this caller. */
  unread(bytes: number, of: Pick<Assembly, "memory" | "caller">): void {
    this.#callerOf(of).unreadBytes += bytes;
    this.#unreadBytes += bytes;
    if (bytes < 0) this.#wakeNext(of.memory);
  }

  #newPlace(assembly: Assembly): Place {
    const room = { nowMs: this.#nowMs, giveUp: () => this.#giveUp(assembly) };
    const place: Place = {
      ...{ bytes: 0, seenMs: room.nowMs() },
      ...{ sinceMs: this.#waitedMs, movedMs: this.#waitedMs, movedAtBytes: 0 },
      holder: {
        get heldBytes() {
          return room.nowMs() - place.seenMs < BUDGET_STILL_MS ? 0 : place.bytes;
        },
        get progressMs() {
          return place.seenMs;
        },
        end: room.giveUp,
      },
    };
    return place;
  }

  #moved(place: Place): void {
    place.movedMs = this.#waitedMs;
    place.movedAtBytes = place.bytes;
  }

  #callerOf({ memory, caller }: Pick<Assembly, "memory" | "caller">): Caller {
    let callers = this.#callers.get(memory);
    if (callers === undefined) {
      callers = new Map();
      this.#callers.set(memory, callers);
      this.#lost.register(memory, callers);
    }
    let known = callers.get(caller);
    if (known === undefined) {
      known = { unreadBytes: 0 };
      callers.set(caller, known);
    }
    return known;
  }

  /** Free bytes without those that the message whose turn it is may still need. */
  #besideFirstBytes(memory: MemoryAccount): number {
    const heldBytes = this.#first === null ? 0 : (this.#places.get(this.#first)?.bytes ?? 0);
    return memory.freeBytes - (MAX_WEBSOCKET_MESSAGE_BYTES - heldBytes);
  }

  #growSmall(assembly: Assembly, place: Place, bytes: number): boolean {
    if (this.#open.has(assembly)) return false;
    const { memory } = assembly;
    const isShort = this.#besideFirstBytes(memory) < bytes;
    const mostBytes = isShort ? LEAST_SMALL_BYTES : memory.shareBytes(LEAST_SMALL_BYTES, SMALL_BYTES);
    if (place.bytes + bytes > mostBytes) return false;
    memory.hold(bytes);
    return true;
  }

  #growOpen(assembly: Assembly, place: Place, bytes: number): boolean {
    const isOpen = this.#open.has(assembly);
    if (!isOpen && (this.#open.size >= MAX_OPEN || !this.#isNext(assembly))) return false;
    const openBytes = isOpen ? bytes : place.bytes + bytes;
    const { memory } = assembly;
    if (this.#openBytes + openBytes > OPEN_BYTES || this.#besideFirstBytes(memory) < bytes) return false;
    if (!memory.take(bytes)) return false;
    if (!isOpen) {
      this.#open.add(assembly);
      this.#letIn(assembly, place);
    }
    this.#openBytes += openBytes;
    return true;
  }

  #becomeFirst(assembly: Assembly, place: Place, bytes: number): boolean {
    if (this.#first !== null || !this.#isNext(assembly) || !this.#growFirst(assembly, bytes)) return false;
    this.#first = assembly;
    this.#shut(assembly, place);
    this.#letIn(assembly, place);
    return true;
  }

  #growFirst({ memory }: Assembly, bytes: number): boolean {
    if (!memory.makeRoomFor(bytes + KEPT_BYTES)) return false;
    memory.hold(bytes);
    return true;
  }

  #letIn(assembly: Assembly, place: Place): void {
    this.#turns.served(this.#callerOf(assembly), this.#waitedMs);
    this.#excuse(place);
  }

  #isNext(assembly: Assembly): boolean {
    if (!this.#mayCome(this.#callerOf(assembly))) return false;
    const next = this.#turns.next((caller) => this.#mayCome(caller), this.#waitedMs);
    return next === null || next === assembly;
  }

  #mayCome({ unreadBytes }: Caller): boolean {
    return unreadBytes <= UNREAD_BYTES && this.#unreadBytes <= MAX_UNREAD_BYTES;
  }

  #excuse(place: Place): void {
    place.sinceMs = this.#waitedMs;
    this.#moved(place);
  }

  #holdBack(assembly: Assembly): void {
    const nowMs = this.#nowMs();
    this.#waitedMs += Math.min(STEP_MS, nowMs - this.#askedMs);
    this.#askedMs = nowMs;
    this.#turns.wait(this.#callerOf(assembly), assembly, this.isIn(assembly), this.#waitedMs);
    this.#endStill();
  }

  /** It wakes nobody, because it may run in another object's turn. */
  #endStill(): void {
    for (const assembly of this.#first === null ? [...this.#open] : [this.#first, ...this.#open]) {
      const { movedMs = Infinity, sinceMs = Infinity } = this.#places.get(assembly) ?? {};
      const isStill = this.#waitedMs - movedMs >= this.#stillMs;
      if (!isStill && this.#waitedMs - sinceMs < MAX_HELD_UP_MS) continue;
      this.#stillMs = STILL_AGAIN_MS;
      this.#giveUp(assembly);
    }
  }

  #giveUp(assembly: Assembly): void {
    this.#remove(assembly);
    assembly.drop();
  }

  #remove(assembly: Assembly): boolean {
    this.#turns.leave(this.#callerOf(assembly), assembly);
    const place = this.#places.get(assembly);
    if (place === undefined) return false;
    this.#places.delete(assembly);
    assembly.memory.remove(place.holder);
    assembly.memory.giveBack(place.bytes);
    this.#shut(assembly, place);
    if (assembly === this.#first) this.#first = null;
    return true;
  }

  #shut(assembly: Assembly, { bytes }: Place): void {
    if (this.#open.delete(assembly)) this.#openBytes -= bytes;
  }

  /** Messages of other objects learn of it when they ask. */
  #wakeNext(memory: MemoryAccount): void {
    for (const assembly of this.#turns) if (assembly.memory === memory) return assembly.wake();
  }
}
