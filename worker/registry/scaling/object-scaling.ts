import { newObjectName } from "../../auth/index.ts";
import { tunnelIdOf } from "../../tunnel/configuration/tunnel-objects.ts";
import {
  nextEdits,
  nextLookMs,
  type ObjectLoad,
  type ObjectState,
  remember,
  rememberEdits,
  type ScalingEdit,
  type ScalingMemory,
} from "./scaling.ts";
import type { TunnelObjectStore } from "../stores/index.ts";

/** One tunnel's objects, as far as they have told of themselves since this object was started. */
interface TunnelLoad {
  loads: Map<string, Pick<ObjectState, "load" | "emptySinceMs">>;
  busy: ScalingMemory["busy"];
  /** When what is due for its list was looked at last. */
  askedAtMs: number;
}

/** An edit that was made, for the audit log. */
export interface AppliedEdit {
  edit: ScalingEdit["edit"];
  name: string;
  /** The object exists: somebody has called it. */
  pulled: boolean;
  reason: string;
}

/** A new object serves, the old one leaves, and is gone at once where its drain time is 0: no chain is longer. */
const MAX_ROUNDS = 4;

/** Tunnels whose objects report; each is some hundred bytes. */
const MAX_TUNNELS = 10_000;

/** So often at most it is written down that a tunnel needs all of its objects: patience is counted in half hours. */
const NEEDED_EVERY_MS = 60_000;

/**
 * Keeps the loads that objects report, and edits the lists as `scaling.ts` says. Loads are in memory alone. When all of a
 * tunnel's objects were needed last is stored: patience outlasts this object's memory, and tunnels that fall silent.
 */
export class ObjectScaling {
  readonly #store: TunnelObjectStore;
  readonly #tunnels = new Map<string, TunnelLoad>();
  /** Tunnels with an object that says it has no connector. */
  readonly #lonely = new Set<string>();

  constructor(store: TunnelObjectStore) {
    this.#store = store;
  }

  /** Takes a report. True: the list has to be edited, or looked at later. */
  report(objectName: string, said: ObjectLoad, nowMs: number): boolean {
    const tunnelId = tunnelIdOf(objectName);
    const wish = this.#store.wish(tunnelId);
    if (wish === null || !this.#states(tunnelId).some(({ name }) => name === objectName)) return false;
    const tunnel = this.#tunnel(tunnelId);
    // By this clock: others may be minutes off.
    const load = { ...said, atMs: nowMs };
    const before = tunnel.loads.get(objectName)?.emptySinceMs ?? null;
    const emptySinceMs = load.connectors > 0 ? null : (before ?? nowMs);
    tunnel.loads.set(objectName, { load, emptySinceMs });
    this.#noteLonely(tunnelId, tunnel);
    const isNews = before !== emptySinceMs;
    const memory = remember(this.#memory(tunnelId), load, this.#states(tunnelId), wish, nowMs);
    const isKept = this.#keep(tunnelId, memory, nowMs);
    return isNews || isKept || this.edits(tunnelId, nowMs).length > 0;
  }

  edits(tunnelId: string, nowMs: number): ScalingEdit[] {
    const wish = this.#store.wish(tunnelId);
    if (wish === null) return [];
    return nextEdits(this.#states(tunnelId), wish, this.#memory(tunnelId), nowMs);
  }

  /** Makes the edits that are due, and those that they make due. All of one call are one change of the list. */
  apply(tunnelId: string, nowMs: number): AppliedEdit[] {
    const applied: AppliedEdit[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const edits = this.edits(tunnelId, nowMs);
      if (edits.length === 0) break;
      applied.push(...edits.map((edit) => this.#apply(tunnelId, edit, nowMs)));
      this.#beginPatience(tunnelId, nowMs);
    }
    const tunnel = this.#tunnel(tunnelId);
    tunnel.askedAtMs = nowMs;
    this.#noteLonely(tunnelId, tunnel);
    if (applied.length > 0) this.#store.raiseRevision(tunnelId);
    return applied;
  }

  /** An operator wants another number of objects: patience begins anew. */
  wishChanged(tunnelId: string, nowMs: number): void {
    this.#beginPatience(tunnelId, nowMs);
  }

  /** Tunnels whose list is to be edited because time has passed. */
  dueTunnels(nowMs: number): string[] {
    return this.#changing().filter((tunnelId) => {
      this.#tunnel(tunnelId).askedAtMs = nowMs;
      return this.edits(tunnelId, nowMs).length > 0;
    });
  }

  /** When to look again; null: need not be. */
  nextLookMs(): number | null {
    const times = this.#changing().map((tunnelId) => this.#nextLookMs(tunnelId));
    const coming = times.filter((timeMs) => timeMs !== null);
    return coming.length === 0 ? null : Math.min(...coming);
  }

  #changing(): string[] {
    return [...new Set([...this.#store.changingTunnels(), ...this.#lonely])];
  }

  #nextLookMs(tunnelId: string): number | null {
    const wish = this.#store.wish(tunnelId);
    if (wish === null) {
      this.#lonely.delete(tunnelId);
      return null;
    }
    const askedAtMs = this.#tunnels.get(tunnelId)?.askedAtMs ?? -Infinity;
    return nextLookMs(this.#states(tunnelId), wish, this.#memory(tunnelId), askedAtMs);
  }

  #apply(tunnelId: string, edit: ScalingEdit, nowMs: number): AppliedEdit {
    const { reason } = edit;
    if (edit.edit === "add") {
      const name = newObjectName(tunnelId);
      this.#store.add(tunnelId, { name, location: edit.location, phase: "attaching" }, nowMs);
      return { edit: "add", name, pulled: false, reason };
    }
    const { name } = edit;
    const pulled = this.#store.of(tunnelId).some((object) => object.name === name && object.pulled);
    if (edit.edit === "remove") {
      this.#store.remove(name);
      this.#tunnels.get(tunnelId)?.loads.delete(name);
    } else this.#store.setPhase(name, PHASE_AFTER[edit.edit], nowMs);
    return { edit: edit.edit, name, pulled, reason };
  }

  #states(tunnelId: string): ObjectState[] {
    const loads = this.#tunnels.get(tunnelId)?.loads;
    return this.#store.of(tunnelId).map(({ name, location, phase, phaseSinceMs, pulled }) => ({
      ...{ name, location, phase, phaseSinceMs, pulled },
      ...(loads?.get(name) ?? { load: null, emptySinceMs: null }),
    }));
  }

  #memory(tunnelId: string): ScalingMemory {
    const busy = this.#tunnels.get(tunnelId)?.busy ?? null;
    return { busy, neededAtMs: this.#store.neededAtMs(tunnelId) };
  }

  /** True: the time that is written down is another one now. */
  #keep(tunnelId: string, { busy, neededAtMs }: ScalingMemory, nowMs: number): boolean {
    this.#tunnel(tunnelId).busy = busy;
    const before = this.#store.neededAtMs(tunnelId);
    const isSame =
      neededAtMs === before ||
      (neededAtMs !== null && before !== null && nowMs - before < NEEDED_EVERY_MS && neededAtMs >= before);
    if (!isSame) this.#store.setNeededAtMs(tunnelId, neededAtMs);
    return !isSame;
  }

  #beginPatience(tunnelId: string, nowMs: number): void {
    const wish = this.#store.wish(tunnelId);
    if (wish === null) return;
    const memory = this.#memory(tunnelId);
    const { neededAtMs } = rememberEdits(memory, this.#states(tunnelId), wish, nowMs);
    if (neededAtMs !== memory.neededAtMs) this.#store.setNeededAtMs(tunnelId, neededAtMs);
  }

  #noteLonely(tunnelId: string, { loads }: TunnelLoad): void {
    const isLonely = [...loads.values()].some(({ emptySinceMs }) => emptySinceMs !== null);
    if (isLonely) this.#lonely.add(tunnelId);
    else this.#lonely.delete(tunnelId);
  }

  #tunnel(tunnelId: string): TunnelLoad {
    const tunnel = this.#tunnels.get(tunnelId) ?? {
      ...{ loads: new Map(), busy: null, askedAtMs: -Infinity },
    };
    this.#tunnels.delete(tunnelId);
    this.#tunnels.set(tunnelId, tunnel);
    const [oldest] = this.#tunnels.keys();
    if (this.#tunnels.size > MAX_TUNNELS && oldest !== undefined) {
      this.#tunnels.delete(oldest);
      this.#lonely.delete(oldest);
    }
    return tunnel;
  }
}

const PHASE_AFTER = { serve: "serving", unserve: "attaching", retire: "leaving" } as const;
