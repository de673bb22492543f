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

/** One tunnel's objects, according to their reports since this object was started. */
interface TunnelLoad {
  loads: Map<string, Pick<ObjectState, "load" | "emptySinceMs">>;
  busy: ScalingMemory["busy"];
  /** When its list was last checked for due edits. */
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

/** The longest chain: a new object serves, the old one leaves, and it is removed at once if its drain time is 0. */
const MAX_ROUNDS = 4;

/** The maximum of tunnels whose reports are kept; each is some hundred bytes. */
const MAX_TUNNELS = 10_000;

/** The shortest time between two writes of when a tunnel needed all of its objects. The patience is half an hour, so this is exact enough. */
const NEEDED_EVERY_MS = 60_000;

/**
 * Keeps the loads that objects report, and edits the lists as `scaling.ts` decides. Loads are only in memory. The time when all of a
 * tunnel's objects were last needed is stored, because the patience is longer than this object's memory may last, and because silent
 * tunnels report nothing.
 */
export class ObjectScaling {
  readonly #store: TunnelObjectStore;
  readonly #tunnels = new Map<string, TunnelLoad>();
  /** Tunnels with an object that says it has no connector. */
  readonly #lonely = new Set<string>();

  constructor(store: TunnelObjectStore) {
    this.#store = store;
  }

  /** Processes a report. True: the list has to be edited, or checked later. */
  report(objectName: string, said: ObjectLoad, nowMs: number): boolean {
    const tunnelId = tunnelIdOf(objectName);
    const wish = this.#store.wish(tunnelId);
    if (wish === null || !this.#states(tunnelId).some(({ name }) => name === objectName)) return false;
    const tunnel = this.#tunnel(tunnelId);
    // By this object's clock, because others may be wrong by minutes.
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

  /** Makes the due edits, and further ones that these make due. All edits of one call are one change of the list. */
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

  /** An operator wants another number of objects, so the patience begins again. */
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

  /** True: the stored time has changed. */
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
