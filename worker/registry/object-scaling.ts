import { newObjectName } from "../auth/random-id.ts";
import { tunnelIdOf } from "../tunnel/tunnel-objects.ts";
import {
  CALM,
  nextEdits,
  nextLookMs,
  type ObjectLoad,
  type ObjectState,
  remember,
  type ScalingEdit,
  type ScalingMemory,
} from "./scaling.ts";
import type { TunnelObjectStore } from "./tunnel-object-store.ts";

/** One tunnel's objects, as far as they have told of themselves since this object was started. */
interface TunnelLoad {
  loads: Map<string, ObjectLoad>;
  memory: ScalingMemory;
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

/** Keeps the loads that objects report, and edits the lists as `scaling.ts` says. Loads are in memory alone. */
export class ObjectScaling {
  readonly #store: TunnelObjectStore;
  readonly #tunnels = new Map<string, TunnelLoad>();

  constructor(store: TunnelObjectStore) {
    this.#store = store;
  }

  /** Takes a report. True: the list has to be edited. */
  report(objectName: string, load: ObjectLoad, nowMs: number): boolean {
    const tunnelId = tunnelIdOf(objectName);
    const states = this.#states(tunnelId);
    if (!states.some(({ name }) => name === objectName)) return false;
    const tunnel = this.#tunnels.get(tunnelId) ?? { loads: new Map<string, ObjectLoad>(), memory: CALM };
    tunnel.loads.set(objectName, load);
    this.#keep(tunnelId, tunnel);
    tunnel.memory = remember(tunnel.memory, load, this.#states(tunnelId), nowMs);
    return this.edits(tunnelId, nowMs).length > 0;
  }

  edits(tunnelId: string, nowMs: number): ScalingEdit[] {
    const memory = this.#tunnels.get(tunnelId)?.memory ?? CALM;
    return nextEdits(this.#states(tunnelId), this.#store.wish(tunnelId), memory, nowMs);
  }

  /** Makes the edits that are due, and those that they make due. All of one call are one change of the list. */
  apply(tunnelId: string, nowMs: number): AppliedEdit[] {
    const applied: AppliedEdit[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const edits = this.edits(tunnelId, nowMs);
      if (edits.length === 0) break;
      applied.push(...edits.map((edit) => this.#apply(tunnelId, edit, nowMs)));
      // What was counted belongs to the list as it was.
      const tunnel = this.#tunnels.get(tunnelId);
      if (tunnel !== undefined) tunnel.memory = CALM;
    }
    if (applied.length === 0) return applied;
    this.#store.raiseRevision(tunnelId);
    return applied;
  }

  /** When to look again at lists that change by themselves; null: need not be. */
  nextLookMs(nowMs: number): number | null {
    const times = this.#store
      .changingTunnels()
      .map((tunnelId) => nextLookMs(this.#states(tunnelId), this.#store.wish(tunnelId), nowMs))
      .filter((timeMs) => timeMs !== null);
    return times.length === 0 ? null : Math.min(...times);
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
    } else this.#store.setPhase(name, edit.edit === "serve" ? "serving" : "leaving", nowMs);
    return { edit: edit.edit, name, pulled, reason };
  }

  #states(tunnelId: string): ObjectState[] {
    const loads = this.#tunnels.get(tunnelId)?.loads;
    return this.#store.of(tunnelId).map(({ name, location, phase, phaseSinceMs, pulled }) => ({
      ...{ name, location, phase, phaseSinceMs, pulled },
      load: loads?.get(name) ?? null,
    }));
  }

  #keep(tunnelId: string, tunnel: TunnelLoad): void {
    this.#tunnels.delete(tunnelId);
    this.#tunnels.set(tunnelId, tunnel);
    const [oldest] = this.#tunnels.keys();
    if (this.#tunnels.size > MAX_TUNNELS && oldest !== undefined) this.#tunnels.delete(oldest);
  }
}
