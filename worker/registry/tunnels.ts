import type { Alerts } from "../alerts/alerts.ts";
import type { KeyProof } from "../auth/index.ts";
import { tunnelIdOf } from "../tunnel/configuration/tunnel-objects.ts";
import { byRelay, done, type MakeChange, refused } from "./change.ts";
import type { ObjectScaling } from "./scaling/object-scaling.ts";
import type { NewTunnel, Outcome, TunnelChange, TunnelDetails } from "../calls/registry-calls.ts";
import type { ObjectLoad, ScalingWish } from "./scaling/scaling.ts";
import { type Actor, isRunning, type RegistryStores } from "./stores/index.ts";
import type { TunnelConfigs } from "./tunnel-configs.ts";

/** Limits the storage, and the work of a change that concerns every tunnel. */
const MAX_TUNNELS = 10_000;
const MAX_TOKENS_PER_TUNNEL = 10;

interface TunnelsOptions {
  stores: Pick<RegistryStores, "tunnels" | "identities" | "objects" | "reports" | "captures" | "audit">;
  change: MakeChange;
  configs: TunnelConfigs;
  scaling: ObjectScaling;
  alerts: Alerts;
  /** Starts to delete a tunnel's captures, without waiting. */
  deleteCaptured(tunnelId: string): void;
}

/** Tunnels, the tokens of their connectors, and the list of the objects that carry each. */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #stores: TunnelsOptions["stores"];

  constructor(options: TunnelsOptions) {
    this.#options = options;
    this.#stores = options.stores;
  }

  create(by: Actor, tunnel: NewTunnel, token: KeyProof): Promise<Outcome> {
    const { tunnels, objects } = this.#stores;
    return this.#options.change(by, () => {
      if (tunnels.tunnelCount() >= MAX_TUNNELS) return refused("limit_reached");
      tunnels.createTunnel(tunnel.id, tunnel.name, by.atMs);
      const location = tunnel.location ?? null;
      objects.add(tunnel.id, { name: tunnel.id, location, phase: "serving" }, by.atMs);
      const wish = objects.wish(tunnel.id);
      if (wish !== null) objects.setWish(tunnel.id, { ...wish, location });
      tunnels.addToken(tunnel.id, token.kid, token.digestHex, by.atMs);
      const after = { name: tunnel.name, token: token.kid };
      return done([tunnel.id], { action: "tunnel.create", target: tunnel.id, before: null, after });
    });
  }

  /** Settings that are not named stay unchanged. */
  update(by: Actor, id: string, { name, ...wanted }: TunnelChange): Promise<Outcome> {
    const { tunnels, objects } = this.#stores;
    return this.#options.change(by, () => {
      const before = tunnels.tunnel(id);
      const wishBefore = objects.wish(id);
      if (before === null || wishBefore === null) return refused("not_found");
      if (name !== undefined) tunnels.renameTunnel(id, name);
      const wish: ScalingWish = {
        min: wanted.min ?? Math.min(wishBefore.min, wanted.max ?? Infinity),
        max: wanted.max ?? Math.max(wishBefore.max, wanted.min ?? 0),
        location: wanted.location === undefined ? wishBefore.location : wanted.location,
        drainMs: wanted.drainMs ?? wishBefore.drainMs,
      };
      if (wish.min > wish.max) return refused("invalid");
      objects.setWish(id, wish);
      this.#options.scaling.wishChanged(id, by.atMs);
      const facts = (tunnelName: string, { min, max, location, drainMs }: ScalingWish) => ({
        ...{ name: tunnelName, minObjects: min, maxObjects: max, location, drainSeconds: drainMs / 1_000 },
      });
      return done(this.#rescale(id, by.atMs) ? [id] : [], {
        action: "tunnel.update",
        target: id,
        before: facts(before.name, wishBefore),
        after: facts(name ?? before.name, wish),
      });
    });
  }

  details(id: string): TunnelDetails | null {
    const tunnel = this.#stores.tunnels.tunnel(id);
    const services = this.#stores.tunnels.servicesFile(id);
    if (tunnel === null || services === null) return null;
    const captures = this.#stores.captures.of(id).filter((record) => isRunning(record, Date.now()));
    const objects = this.#stores.objects.of(id);
    const listed = new Set(objects.map(({ name }) => name));
    const pastObjects = this.#stores.reports.reporters(id).filter(({ name }) => !listed.has(name));
    const tokens = this.#stores.tunnels.tokens(id);
    const identities = this.#stores.identities.of(id);
    return { ...tunnel, tokens, identities, services, objects, pastObjects, captures };
  }

  delete(by: Actor, id: string): Promise<Outcome> {
    const { tunnels, identities, objects, reports, captures } = this.#stores;
    return this.#options.change(by, () => {
      const tunnel = tunnels.tunnel(id);
      if (tunnel === null) return refused("not_found");
      tunnels.deleteTunnel(id, by.atMs);
      identities.deleteOf(id);
      reports.deleteOf(id);
      if (captures.deleteOf(id)) this.#options.deleteCaptured(id);
      this.#options.alerts.deleted(id, tunnel.name, by.atMs);
      // It exists only here, so there is nothing to tell anybody.
      if (!objects.of(id).some(({ pulled }) => pulled)) this.#options.configs.forget(id);
      return done([id], { action: "tunnel.delete", target: id, before: { name: tunnel.name }, after: null });
    });
  }

  /** The tunnel's older tokens expire after the overlap. */
  addToken(by: Actor, tunnelId: string, token: KeyProof, overlapMs: number): Promise<Outcome> {
    const { tunnels } = this.#stores;
    return this.#options.change(by, () => {
      if (tunnels.tunnel(tunnelId) === null) return refused("not_found");
      const tokens = tunnels.tokens(tunnelId);
      const older = tokens.map(({ kid }) => kid);
      const endMs = by.atMs + overlapMs;
      const shortened = tokens.filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs > endMs);
      if (older.length >= MAX_TOKENS_PER_TUNNEL && overlapMs > 0) return refused("limit_reached");
      tunnels.endTokens(tunnelId, endMs);
      this.expireTokens(by.atMs);
      tunnels.addToken(tunnelId, token.kid, token.digestHex, by.atMs);
      const before = { tokens: older.join(" ") };
      const after = {
        ...{ token: token.kid, overlapSeconds: overlapMs / 1000 },
        ...(shortened.length === 0 ? {} : { shortened: shortened.map(({ kid }) => kid).join(" ") }),
      };
      return done([tunnelId], { action: "token.create", target: tunnelId, before, after });
    });
  }

  deleteToken(by: Actor, tunnelId: string, kid: string): Promise<Outcome> {
    return this.#options.change(by, () => {
      if (!this.#stores.tunnels.deleteToken(tunnelId, kid)) return refused("not_found");
      const before = { token: kid };
      return done([tunnelId], { action: "token.revoke", target: tunnelId, before, after: null });
    });
  }

  /** Call it within a transaction. Returns the tunnels concerned. */
  expireTokens(nowMs: number): string[] {
    const expired = this.#stores.tunnels.takeExpiredTokens(nowMs);
    for (const { tunnelId, kid } of expired) {
      const before = { token: kid };
      this.#stores.audit.append(byRelay(nowMs), {
        ...{ action: "token.expire", target: tunnelId, before, after: null },
      });
    }
    const tunnelIds = [...new Set(expired.map((token) => token.tunnelId))];
    for (const tunnelId of tunnelIds) this.#options.configs.enqueue(tunnelId, nowMs);
    return tunnelIds;
  }

  /** An object's report of its load. The list of the tunnel's objects may change because of it. */
  async objectReport(objectName: string, load: ObjectLoad): Promise<void> {
    const nowMs = Date.now();
    if (this.#options.scaling.report(objectName, load, nowMs))
      await this.#rescaleInTurn([tunnelIdOf(objectName)], nowMs);
  }

  /** Edits the lists that are due to change because time has passed. */
  rescaleDue(nowMs: number): Promise<void> {
    return this.#rescaleInTurn(this.#options.scaling.dueTunnels(nowMs), nowMs);
  }

  async #rescaleInTurn(tunnelIds: readonly string[], nowMs: number): Promise<void> {
    for (const tunnelId of tunnelIds) {
      await this.#options.change(byRelay(nowMs), () => {
        const isChanged = this.#rescale(tunnelId, nowMs);
        return { result: undefined, tunnelIds: isChanged ? [tunnelId] : [] };
      });
    }
  }

  /** Makes the due edits of the tunnel's list, within a change. True: its objects have to get the new list. */
  #rescale(tunnelId: string, nowMs: number): boolean {
    const applied = this.#options.scaling.apply(tunnelId, nowMs);
    for (const { edit, name, pulled, reason } of applied) {
      const after = { object: name, edit, reason };
      this.#stores.audit.append(byRelay(nowMs), {
        ...{ action: "tunnel.objects", target: tunnelId, before: null, after },
      });
      console.info({ event: "objects_changed", tunnel: tunnelId, ...after });
      if (edit === "remove" && pulled) this.#options.configs.leaves(name, tunnelId);
    }
    return applied.length > 0;
  }
}
