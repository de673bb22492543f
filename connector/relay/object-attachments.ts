import { Backoff } from "../../shared/time/backoff.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { type ObjectList, connectionError } from "../../shared/protocol/index.ts";

/** What this needs of a ConnectionKeeper. */
export interface ObjectKeeper {
  readonly ready: boolean;
  /** Which object of the relay has accepted its newest connection; null: none yet. */
  readonly landedOn: string | null;
  drain(graceMs: number, done: () => void): void;
}

/** What a keeper has to say and to ask here. */
export interface ObjectSlot {
  readonly index: number;
  /** The object to name in the dial that follows; null: the relay picks one. */
  dialledObject(): string | null;
  onReady(): void;
  /** A list that the relay sent. Throws a connection error. */
  onObjects(list: ObjectList): void;
  onRefused(status: number): void;
}

export interface ObjectAttachmentsOptions<K extends ObjectKeeper> {
  /** To keep to each object. */
  connections: number;
  tunnelId: () => string;
  newKeeper(slot: ObjectSlot): K;
  clock: Clock;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
}

/** Of an object that is off the list: it has handed its requests on, or ends them itself. */
const OFF_LIST_GRACE_MS = 30_000;
const NOT_FOUND = 404;

interface Slot<K> {
  object: string | null;
  readonly index: number;
  readonly keeper: K;
  /** Named in the last dial. */
  dialled: string | null;
  /** Its object was not there at the last dial. */
  isGone: boolean;
}

/**
 * Keeps connections to each object of the tunnel. The first ones name no object; the relay tells where they have landed,
 * and which others there are. Lists come from every object: the one with the highest revision counts.
 *
 * One that the relay knows no more is off the newest list, of which some other object tells. If all of them are gone
 * nobody tells, and the token alone has to find the tunnel again.
 */
export class ObjectAttachments<K extends ObjectKeeper> {
  readonly #options: ObjectAttachmentsOptions<K>;
  readonly #backoff: Backoff;
  #slots: Slot<K>[] = [];
  /** Off the list, until their last stream is over. */
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

  /** Those of objects on the list. */
  get keepers(): readonly K[] {
    return this.#slots.map(({ keeper }) => keeper);
  }

  /** Takes no more streams anywhere; resolves when the last one is over, or `graceMs` passed. */
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
    // The keeper dials while it is made.
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

  /** One slot for each object and index; what stands elsewhere leaves. */
  #settle(names: readonly string[]): void {
    const free = new Map(names.map((name) => [name, this.#indexes()]));
    const kept: Slot<K>[] = [];
    const off: Slot<K>[] = [];
    // Those that stand somewhere first: one that is still dialling may yet land on any of them.
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
   * One that named no object may stand on another than was thought: what is then missing is dialled by name. One that
   * named an object and stands on another speaks with an older relay, which knows of no others.
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
