import { uncapturable } from "../capture/index.ts";
import { byRelay, type Change, done, type MakeChange, refused } from "./change.ts";
import type { CaptureOutcome, NewCapture, Outcome } from "../calls/registry-calls.ts";
import type { ServicesFiles } from "./services-files.ts";
import { type Actor, type CaptureRecord, isRunning, type RegistryStores } from "./stores/index.ts";

type Stores = Pick<RegistryStores, "captures" | "tunnels" | "audit">;

/** Captures as operators start, read, stop and delete them. The tunnel's objects do the capturing. */
export class CaptureControl {
  readonly #stores: Stores;
  readonly #services: ServicesFiles;
  readonly #change: MakeChange;

  constructor(stores: Stores, services: ServicesFiles, change: MakeChange) {
    this.#stores = stores;
    this.#services = services;
    this.#change = change;
  }

  start(
    by: Actor,
    tunnelId: string,
    { id, service, seconds, maxRequests }: NewCapture,
  ): Promise<CaptureOutcome> {
    return this.#change<CaptureOutcome>(by, () => {
      const stored = this.#services.get(tunnelId);
      if (stored === null) return { result: { outcome: "not_found" } };
      const problem = uncapturable(stored.file, service);
      if (problem !== null) return { result: { outcome: "invalid", message: problem } };
      const record: CaptureRecord = {
        ...{ id, tunnelId, service, maxRequests, startedBy: by.actor, startedAtMs: by.atMs },
        ...{ endsAtMs: by.atMs + seconds * 1_000, endedAtMs: null },
      };
      if (!this.#stores.captures.start(record)) return { result: { outcome: "limit_reached" } };
      const after = { capture: id, service, seconds, maxRequests };
      return {
        result: { outcome: "done", record },
        tunnelIds: [tunnelId],
        audit: { action: "capture.start", target: tunnelId, before: null, after },
      };
    });
  }

  /** The newest first, those that are over included; null for a tunnel that does not exist. */
  of(tunnelId: string): CaptureRecord[] | null {
    return this.#stores.tunnels.tunnel(tunnelId) && this.#stores.captures.of(tunnelId);
  }

  /** Records in the audit log who reads a capture. Null: there is no such capture. */
  read(by: Actor, tunnelId: string, id: string): CaptureRecord | null {
    const record = this.#stores.captures.get(tunnelId, id);
    if (record !== null) {
      const after = { capture: id, service: record.service };
      this.#stores.audit.append(by, { action: "capture.read", target: tunnelId, before: null, after });
    }
    return record;
  }

  stop(by: Actor, tunnelId: string, id: string): Promise<CaptureOutcome> {
    return this.#change<CaptureOutcome>(by, () => this.#end("capture.stop", tunnelId, id, by.atMs));
  }

  /** The capture is full, so the tunnel's objects are told to stop it. */
  async full(tunnelId: string, id: string): Promise<void> {
    const by = byRelay(Date.now());
    await this.#change<CaptureOutcome>(by, () => this.#end("capture.full", tunnelId, id, by.atMs));
  }

  delete(by: Actor, tunnelId: string, id: string): Promise<Outcome> {
    const { captures } = this.#stores;
    return this.#change(by, () => {
      const record = captures.get(tunnelId, id);
      if (record === null) return refused("not_found");
      captures.delete(id);
      const before = { capture: id, service: record.service };
      return done([tunnelId], { action: "capture.delete", target: tunnelId, before, after: null });
    });
  }

  /** Does nothing if the capture is over. */
  #end(
    action: "capture.stop" | "capture.full",
    tunnelId: string,
    id: string,
    nowMs: number,
  ): Change<CaptureOutcome> {
    const before = this.#stores.captures.get(tunnelId, id);
    if (before === null) return { result: { outcome: "not_found" } };
    if (!isRunning(before, nowMs)) return { result: { outcome: "done", record: before } };
    this.#stores.captures.end(id, nowMs);
    const facts = { capture: id, service: before.service };
    return {
      result: { outcome: "done", record: { ...before, endedAtMs: nowMs } },
      tunnelIds: [tunnelId],
      audit: { action, target: tunnelId, before: facts, after: null },
    };
  }
}
