import type { StoredIdentity } from "../auth/workload-identity/known-identities.ts";
import type { IssuerKeySource } from "../auth/workload-identity/workload-identity.ts";
import { done, type MakeChange, refused } from "./change.ts";
import type { Outcome } from "../calls/registry-calls.ts";
import { type Actor, identityFacts, type IdentityRecord, type RegistryStores } from "./stores/index.ts";

/** A limit, because each is part of every copy of the tunnel's configuration. */
const MAX_IDENTITIES_PER_TUNNEL = 10;

/** The workloads that tunnels trust. Removing one cuts its connections, as revoking a token does. */
export class Identities {
  readonly #stores: Pick<RegistryStores, "tunnels" | "identities">;
  readonly #change: MakeChange;

  constructor(stores: Pick<RegistryStores, "tunnels" | "identities">, change: MakeChange) {
    this.#stores = stores;
    this.#change = change;
  }

  of(tunnelId: string): IdentityRecord[] | null {
    return this.#stores.tunnels.tunnel(tunnelId) && this.#stores.identities.of(tunnelId);
  }

  add(by: Actor, tunnelId: string, id: string, stored: StoredIdentity): Promise<Outcome> {
    const { tunnels, identities } = this.#stores;
    return this.#change(by, () => {
      if (tunnels.tunnel(tunnelId) === null) return refused("not_found");
      if (identities.of(tunnelId).length >= MAX_IDENTITIES_PER_TUNNEL) return refused("limit_reached");
      identities.add(tunnelId, id, stored, by.atMs);
      const after = identityFacts(id, stored.identity);
      return done([tunnelId], { action: "identity.create", target: tunnelId, before: null, after });
    });
  }

  /** Attached connectors stay, because they have already proved their identity. */
  setKeys(
    by: Actor,
    tunnelId: string,
    id: string,
    keySource: IssuerKeySource,
    proofHex: string,
  ): Promise<Outcome> {
    const { identities } = this.#stores;
    return this.#change(by, () => {
      const stored = identities.stored(tunnelId, id);
      if (stored === null) return refused("not_found");
      identities.setKeys(tunnelId, id, keySource, proofHex);
      return done([tunnelId], {
        ...{ action: "identity.update", target: tunnelId },
        before: identityFacts(id, stored.identity),
        after: identityFacts(id, { ...stored.identity, keySource }),
      });
    });
  }

  delete(by: Actor, tunnelId: string, id: string): Promise<Outcome> {
    const { identities } = this.#stores;
    return this.#change(by, () => {
      const stored = identities.stored(tunnelId, id);
      if (stored === null) return refused("not_found");
      identities.delete(tunnelId, id);
      const before = identityFacts(id, stored.identity);
      return done([tunnelId], { action: "identity.delete", target: tunnelId, before, after: null });
    });
  }
}
