import { Backoff } from "../../shared/time/backoff.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { type ObjectList, connectionError } from "../../shared/protocol/index.ts";

/** The part of ConnectionKeeper that is needed here. */
export interface ObjectKeeper {
  readonly ready: boolean;
  /** The object of the relay that accepted its most recent connection; null: none yet. */
  readonly landedOn: string | null;
  drain(graceMs: number, done: () => void): void;
}

/** What a keeper reports and asks. */
export interface ObjectSlot {
  readonly index: number;
  /** The object to name in the next dial; null: the relay picks one. */
  dialledObject(): string | null;
  onReady(): void;
  /** A list that the relay sent. Throws a connection error. */
  onObjects(list: ObjectList): void;
  onRefused(status: number): void;
}

export interface ObjectAttachmentsOptions<K extends ObjectKeeper> {
  /** Connections to keep to each object. */
  connections: number;
  tunnelId: () => string;
  newKeeper(slot: ObjectSlot): K;
  clock: Clock;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
}

/** For an object that is no longer on the list: it has handed its requests on, or ends them itself. */
const OFF_LIST_GRACE_MS = 30_000;
const NOT_FOUND = 404;

interface Slot<K> {
  object: string | null;
  readonly index: number;
  readonly keeper: K;
  /** The object that the last dial named. */
  dialled: string | null;
  /** The last dial did not find the object. */
  isGone: boolean;
}

/**
 * Keeps connections to each object of the tunnel. The first ones name no object. The relay says which object they reached,
 * and which others there are. Every object sends lists; the one with the highest revision counts.
 *
 * An object that the relay no longer knows is missing in the newest list, which another object sends. If all objects are gone,
 * no list comes, and the connector has to find the tunnel again with its token alone.
 */
export class ObjectAttachments<K extends ObjectKeeper> {
  readonly #options: ObjectAttachmentsOptions<K>;
  readonly #backoff: Backoff;
  #slots: Slot<K>[] = [];
  /** Keepers of objects that left the list, until their last stream is over. */
  readonly #leaving = new Set<K>();
  #names: readonly string[] | null = null;
  #revision = -1;
  #startedAtMs = 0;
  #cancelRestart: (() => void) | null = null;
  #isStopped = false;

  constructor(options: ObjectAttachmentsOptions<K>) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#start();
  }

  /** The keepers of objects on the list. */
  get keepers(): readonly K[] {
    return this.#slots.map(({ keeper }) => keeper);
  }

  /** Accepts no more streams. Resolves when the last one is over or `graceMs` has passed. */
  async drain(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart?.();
    const all = [...this.keepers, ...this.#leaving];
    await Promise.all(all.map((keeper) => new Promise<void>((done) => keeper.drain(graceMs, done))));
  }

  #start(): void {
    this.#cancelRestart = null;
    this.#startedAtMs = this.#options.clock.nowMs();
    this.#names = null;
    this.#revision = -1;
    for (let index = 0; index < this.#options.connections; index++) this.#add(null, index);
  }

  #add(object: string | null, index: number): void {
    // The keeper dials in its constructor, before the slot exists.
    const told: { slot: Slot<K> | null } = { slot: null };
    const keeper = this.#options.newKeeper({
      index,
      dialledObject() {
        if (told.slot === null) return object;
        return (told.slot.dialled = told.slot.object);
      },
      onReady: () => this.#landed(told.slot),
      onObjects: (list) => this.#take(list),
      onRefused: (status) => this.#refused(told.slot, status),
    });
    const slot = { object, index, keeper, dialled: object, isGone: false };
    told.slot = slot;
    this.#slots.push(slot);
  }

  #take({ revision, names }: ObjectList): void {
    if (!names.every((name) => this.#isOwn(name)))
      throw connectionError("PROTOCOL_ERROR", "a list with an object of another tunnel");
    if (this.#isStopped || revision <= this.#revision) return;
    this.#revision = revision;
    this.#names = names;
    this.#settle(names);
  }

  /** Makes one slot for each object and index. Keepers of other objects leave. */
  #settle(names: readonly string[]): void {
    const free = new Map(names.map((name) => [name, this.#indexes()]));
    const kept: Slot<K>[] = [];
    const off: Slot<K>[] = [];
    // Connected slots come first, because one that is still dialling may reach any object.
    const landed = this.#slots.filter(({ object, keeper }) => (object ?? keeper.landedOn) !== null);
    const dialling = this.#slots.filter((slot) => !landed.includes(slot));
    for (const slot of landed) {
      const name = slot.object ?? slot.keeper.landedOn ?? "";
      const isWanted = free.get(name)?.delete(slot.index) === true;
      if (isWanted) slot.object = name;
      (isWanted ? kept : off).push(slot);
    }
    for (const slot of dialling) {
      const name = names.find((one) => free.get(one)?.has(slot.index));
      if (name === undefined) off.push(slot);
      else {
        free.get(name)?.delete(slot.index);
        slot.object = name;
        kept.push(slot);
      }
    }
    this.#slots = kept;
    for (const { keeper } of off) this.#leave(keeper);
    for (const [name, indexes] of free) for (const index of indexes) this.#add(name, index);
  }

  /**
   * A dial that named no object may have reached another one than was assumed. The missing object is then dialled by name. If
   * a dial named an object and reached another, the relay is an older one, which has only one object.
   */
  #landed(slot: Slot<K> | null): void {
    if (slot === null) return;
    slot.isGone = false;
    const { landedOn } = slot.keeper;
    if (this.#names === null || landedOn === null || !this.#slots.includes(slot)) return;
    if (slot.dialled !== null && slot.dialled !== landedOn) return this.#startAgain();
    if (slot.object === landedOn) return;
    slot.object = landedOn;
    this.#settle(this.#names);
  }

  #refused(slot: Slot<K> | null, status: number): void {
    if (slot === null) return;
    slot.isGone = status === NOT_FOUND && slot.object !== null;
    if (this.#names?.every((name) => this.#isGone(name)) === true) this.#startAgain();
  }

  #startAgain(): void {
    if (this.#isStopped || this.#cancelRestart !== null) return;
    this.#names = null;
    for (const { keeper } of this.#slots.splice(0)) this.#leave(keeper);
    const delayMs = this.#backoff.delayAfterLossMs(this.#options.clock.nowMs() - this.#startedAtMs);
    this.#cancelRestart = this.#options.clock.after(delayMs, () => this.#start());
  }

  #isGone(name: string): boolean {
    const own = this.#slots.filter(({ object }) => object === name);
    return own.some(({ isGone }) => isGone) && own.every(({ keeper }) => !keeper.ready);
  }

  #leave(keeper: K): void {
    this.#leaving.add(keeper);
    keeper.drain(OFF_LIST_GRACE_MS, () => this.#leaving.delete(keeper));
  }

  #indexes(): Set<number> {
    return new Set(Array.from({ length: this.#options.connections }, (_, index) => index));
  }

  #isOwn(name: string): boolean {
    const tunnelId = this.#options.tunnelId();
    return name === tunnelId || (name.startsWith(`${tunnelId}.`) && name.length > tunnelId.length + 1);
  }
}
