import { problemsOf } from "../../shared/problems.ts";
import { servicesDifference, type ServicesFile, servicesFileSchema } from "../../shared/services/index.ts";
import type { MakeChange } from "./change.ts";
import type { PutOutcome, RollBackOutcome } from "../calls/registry-calls.ts";
import type { Actor, RegistryStore, ServicesVersion, StoredServicesFile } from "./stores/index.ts";

/** The services file of each tunnel and its earlier versions, which can be activated again. */
export class ServicesFiles {
  readonly #store: RegistryStore;
  readonly #change: MakeChange;

  constructor(store: RegistryStore, change: MakeChange) {
    this.#store = store;
    this.#change = change;
  }

  get(tunnelId: string, version?: number): StoredServicesFile | null {
    return this.#store.tunnel(tunnelId) && this.#store.servicesFile(tunnelId, version);
  }

  /** `expected`: the versions of which one has to be the newest; null when any will do. */
  put(
    by: Actor,
    tunnelId: string,
    file: ServicesFile,
    expected: readonly number[] | null,
  ): Promise<PutOutcome> {
    return this.#change<PutOutcome>(by, () => {
      const current = this.get(tunnelId)?.version;
      if (current === undefined) return { result: { outcome: "not_found" } };
      if (expected !== null && !expected.includes(current)) return { result: { outcome: "stale" } };
      const version = current + 1;
      this.#store.putServicesFile(tunnelId, { version, file }, by);
      return {
        result: { outcome: "done", version },
        tunnelIds: [tunnelId],
        audit: {
          action: "services-configuration.update",
          target: tunnelId,
          before: { version: current },
          after: { version },
        },
      };
    });
  }

  /** Newest first; null for a tunnel that does not exist. */
  versions(tunnelId: string, limit: number, beforeVersion: number): ServicesVersion[] | null {
    return this.#store.tunnel(tunnelId) && this.#store.servicesVersions(tunnelId, limit, beforeVersion);
  }

  /** Activates the file of an earlier version, as a new version. `expected`: as for `put`. */
  rollBack(
    by: Actor,
    tunnelId: string,
    rolledBackTo: number,
    expected: readonly number[] | null,
  ): Promise<RollBackOutcome> {
    return this.#change<RollBackOutcome>(by, () => {
      const current = this.get(tunnelId);
      if (current === null) return { result: { outcome: "not_found" } };
      if (expected !== null && !expected.includes(current.version)) return { result: { outcome: "stale" } };
      const earlier = this.#store.servicesFile(tunnelId, rolledBackTo);
      if (earlier === null) return { result: { outcome: "not_kept" } };
      // It was valid for the relay that stored it, but may not be any more.
      const parsed = servicesFileSchema.safeParse(earlier.file);
      if (!parsed.success) return { result: { outcome: "invalid", problems: problemsOf(parsed.error) } };
      const changes = servicesDifference(current.file, parsed.data);
      if (changes.length === 0) return { result: { outcome: "done", version: current.version, changes } };
      const version = current.version + 1;
      this.#store.putServicesFile(tunnelId, { version, file: parsed.data }, by, rolledBackTo);
      return {
        result: { outcome: "done", version, changes },
        tunnelIds: [tunnelId],
        audit: {
          action: "services-configuration.update",
          target: tunnelId,
          before: { version: current.version },
          after: { version, rolledBackTo },
        },
      };
    });
  }
}
