import type { GatewayKeyDigest } from "../tunnel/configuration/tunnel-config.ts";
import { done, type MakeChange, refused } from "./change.ts";
import type { Outcome } from "../calls/registry-calls.ts";
import type { Actor, RegistryStores } from "./stores/index.ts";

/** A limit, because they are part of every tunnel's configuration. */
const MAX_GATEWAY_KEYS = 1000;

/** Keys of gateways outside the account. Every tunnel's objects get all of them. */
export class GatewayKeys {
  readonly #stores: Pick<RegistryStores, "keys" | "tunnels">;
  readonly #change: MakeChange;

  constructor(stores: Pick<RegistryStores, "keys" | "tunnels">, change: MakeChange) {
    this.#stores = stores;
    this.#change = change;
  }

  add(by: Actor, key: GatewayKeyDigest): Promise<Outcome> {
    const { keys, tunnels } = this.#stores;
    return this.#change(by, () => {
      if (keys.gatewayKeyCount() >= MAX_GATEWAY_KEYS) return refused("limit_reached");
      keys.addGatewayKey(key, by.atMs);
      const { kid: _kid, digestHex: _digestHex, ...after } = key;
      const audit = { action: "gateway-key.create", target: key.kid, before: null, after } as const;
      return done(tunnels.tunnelIds(), audit);
    });
  }

  delete(by: Actor, kid: string): Promise<Outcome> {
    const { keys, tunnels } = this.#stores;
    return this.#change(by, () => {
      const deleted = keys.deleteGatewayKey(kid);
      if (deleted === null) return refused("not_found");
      const before = { project: deleted.project, environment: deleted.environment };
      return done(tunnels.tunnelIds(), { action: "gateway-key.delete", target: kid, before, after: null });
    });
  }
}
