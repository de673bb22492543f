import { ObjectAttachments, type ObjectKeeper, type ObjectSlot } from "../../../connector/relay/index.ts";
import { Backoff } from "../../../shared/time/backoff.ts";
import type { Clock } from "../../../shared/time/clock.ts";
import type { ObjectList } from "../../../shared/protocol/object-list.ts";
import { StreamLimit } from "../../../shared/streams/stream-limit.ts";
import type { SimLink, SimObject } from "./sim-object.ts";

/** The default of `TUNNEL_MAX_STREAMS`. */
const MAX_STREAMS = 512;

export interface ConnectorWorld {
  clock: Clock;
  random: () => number;
  tunnelId: string;
  /** The delay between connector and relay, one way. */
  wayMs: number;
  /** How many requests each simulated one stands for. */
  weight: number;
  /** Returns the object of this name. Null: the list has no such object. */
  dialled: (name: string | null) => SimObject | null;
}

/**
 * The process of one connector. Its list of objects and its limit are the real ones. A connection is only open or closed.
 */
export class SimConnector {
  readonly id: string;
  readonly maxStreams: number;
  readonly limit: StreamLimit;
  /** A connector of a version without lists of objects, which stays on the first object that it reaches. */
  readonly isOld: boolean;
  readonly links = new Set<SimLink>();
  isDead = false;

  constructor(id: string, world: ConnectorWorld, isOld = false) {
    this.id = id;
    this.isOld = isOld;
    this.maxStreams = Math.ceil(MAX_STREAMS / world.weight);
    this.limit = new StreamLimit(this.maxStreams, world.clock);
    // Its timers keep it alive.
    void new ObjectAttachments<ObjectKeeper>({
      ...{ connections: 1, tunnelId: () => world.tunnelId, clock: world.clock, random: world.random },
      newKeeper: (slot) => new SimKeeper(this, slot, world),
    });
  }

  /** Loses everything that is open on it, and dials no more. */
  kill(): void {
    this.isDead = true;
    for (const link of this.links) link.cut();
  }
}

class SimKeeper implements ObjectKeeper {
  readonly #connector: SimConnector;
  readonly #slot: ObjectSlot;
  readonly #world: ConnectorWorld;
  readonly #backoff: Backoff;
  #link: SimLink | null = null;
  #landedOn: string | null = null;
  #isStopped = false;

  constructor(connector: SimConnector, slot: ObjectSlot, world: ConnectorWorld) {
    this.#connector = connector;
    this.#slot = slot;
    this.#world = world;
    this.#backoff = new Backoff(world.random);
    this.#dial();
  }

  get ready(): boolean {
    return this.#link !== null;
  }

  get landedOn(): string | null {
    return this.#landedOn;
  }

  drain(graceMs: number, done: () => void): void {
    this.#isStopped = true;
    if (this.#link === null) return done();
    this.#link.drain(graceMs, done);
  }

  #dial(): void {
    const { clock, wayMs, dialled } = this.#world;
    const name = this.#slot.dialledObject();
    clock.after(4 * wayMs, () => {
      if (this.#isStopped || this.#connector.isDead) return;
      const object = dialled(name);
      if (object === null) {
        this.#again(0);
        return this.#slot.onRefused(404);
      }
      const openedAtMs = clock.nowMs();
      const link = object.attach(this.#connector, {
        onObjects: (list: ObjectList) => {
          if (!this.#connector.isOld) this.#slot.onObjects(list);
        },
        onLost: () => {
          this.#connector.links.delete(link);
          this.#link = null;
          this.#again(clock.nowMs() - openedAtMs);
        },
      });
      this.#link = link;
      this.#connector.links.add(link);
      this.#landedOn = object.name;
      this.#slot.onReady();
      link.welcome();
    });
  }

  #again(connectedMs: number): void {
    if (this.#isStopped) return;
    this.#world.clock.after(this.#backoff.delayAfterLossMs(connectedMs), () => {
      if (!this.#isStopped && !this.#connector.isDead) this.#dial();
    });
  }
}
