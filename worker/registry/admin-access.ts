import type { Alerts } from "../alerts/alerts.ts";
import type { KeyProof } from "../auth/index.ts";
import { ACCESS_ACTOR_PREFIX } from "../auth/cloudflare-access/access-holder.ts";
import { withTimeout } from "../with-timeout.ts";
import { byRelay, done, type MakeChange, refused } from "./change.ts";
import { PUSH_GUARD_MS, PUSH_WAIT_MS } from "./push-config.ts";
import type { Outcome } from "../calls/registry-calls.ts";
import type {
  Actor,
  AuditFacts,
  ApiKeyFacts,
  ApiKeyRecord,
  Role,
  RegistryStores,
  OpenSession,
  SessionHolder,
} from "./stores/index.ts";

/** Bounds the storage. */
const MAX_API_KEYS = 1000;

interface AdminAccessOptions {
  stores: Pick<RegistryStores, "keys" | "sessions" | "tails" | "audit">;
  change: MakeChange;
  alerts: Alerts;
  /** The due times have changed, so the alarm has to be set again. */
  schedule(): Promise<void>;
  /** Tells an object that these keys and sessions are no longer valid. */
  tellEnded(objectName: string, kids: readonly string[]): Promise<void>;
}

/**
 * Keys of the admin API with their last use, browsers' sessions that were opened with them, and watchers that use either. Everything that
 * a key has opened ends with it.
 */
export class AdminAccess {
  readonly #options: AdminAccessOptions;
  readonly #stores: AdminAccessOptions["stores"];

  constructor(options: AdminAccessOptions) {
    this.#options = options;
    this.#stores = options.stores;
  }

  addKey(by: Actor, key: KeyProof, facts: ApiKeyFacts): Promise<Outcome> {
    return this.#options.change(by, () => {
      if (this.#stores.keys.apiKeyCount() >= MAX_API_KEYS) return refused("limit_reached");
      this.#stores.keys.addApiKey(key, facts, by.atMs);
      this.#options.alerts.lookAtKeys(by.atMs);
      const { role, name, expiresAtMs } = facts;
      const after = {
        ...keyFacts({ role, name }),
        ...(expiresAtMs === null ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
      };
      return done([], { action: "api-key.create", target: key.kid, before: null, after });
    });
  }

  async deleteKey(by: Actor, kid: string): Promise<Outcome> {
    const outcome = await this.#options.change(by, () => {
      const before = this.#endKey(kid, by.atMs);
      if (before === null) return refused("not_found");
      return done([], { action: "api-key.delete", target: kid, before, after: null });
    });
    await this.endTails();
    return outcome;
  }

  /** Within a transaction. */
  expireKeys(nowMs: number): void {
    for (const { kid, expiresAtMs } of this.#stores.keys.endingApiKeys()) {
      if (expiresAtMs > nowMs) continue;
      const before = this.#endKey(kid, nowMs);
      const audit = { action: "api-key.expire", target: kid, before, after: null } as const;
      this.#stores.audit.append(byRelay(nowMs), audit);
    }
  }

  /** Null: it is not a key of this relay. */
  roleOf(key: KeyProof): Role | null {
    const nowMs = Date.now();
    const role = this.#stores.keys.roleOf(key.kid, key.digestHex, nowMs);
    if (role !== null) this.#noteUse(key.kid, nowMs);
    return role;
  }

  /** When the session ends. */
  async openSession(session: KeyProof, holder: SessionHolder, nowMs: number): Promise<number> {
    for (const ended of this.#stores.sessions.open(session, holder, nowMs))
      this.#stores.tails.revoke(ended, nowMs + PUSH_GUARD_MS);
    await this.endTails();
    return this.#stores.sessions.endsAtMs(holder, nowMs);
  }

  /** Null: it is not a session, or not any more. */
  useSession(session: KeyProof, adminProofHex: string, nowMs: number): OpenSession | null {
    const open = this.#stores.sessions.use(session, adminProofHex, nowMs);
    if (open !== null && open.actor !== "admin-key") this.#noteUse(open.actor, nowMs);
    return open;
  }

  async closeSession(session: KeyProof): Promise<void> {
    if (this.#stores.sessions.close(session))
      this.#stores.tails.revoke(session.kid, Date.now() + PUSH_GUARD_MS);
    await this.endTails();
  }

  /** Registers a watcher at this object. False: its key or session is no longer valid. */
  registerTail(objectName: string, kid: string, untilMs: number): boolean {
    const isHeld =
      kid === "admin-key" ||
      // An Access sign-in has its own expiry, and Access does not report an earlier end.
      kid.startsWith(ACCESS_ACTOR_PREFIX) ||
      this.#stores.keys.apiKeyDigest(kid) !== null ||
      this.#stores.sessions.digest(kid) !== null;
    if (isHeld) this.#stores.tails.add(objectName, kid, untilMs, Date.now());
    return isHeld;
  }

  /** Tells the objects. The alarm repeats whatever is not acknowledged by then. */
  async endTails(dueMs = Date.now() + PUSH_GUARD_MS): Promise<void> {
    const { tails } = this.#stores;
    if (tails.nextDueMs() === null) return;
    await this.#options.schedule();
    const told = tails.endDue(dueMs, ({ objectName, kids }) => this.#options.tellEnded(objectName, kids));
    await withTimeout(told, PUSH_WAIT_MS, undefined);
    await this.#options.schedule();
  }

  /** Deletes a key and everything that it has opened. Returns the deleted key; null: there is none. */
  #endKey(kid: string, nowMs: number): AuditFacts | null {
    const key = this.#stores.keys.deleteApiKey(kid);
    if (key === null) return null;
    for (const ended of [kid, ...this.#stores.sessions.closeOf(kid)])
      this.#stores.tails.revoke(ended, nowMs + PUSH_GUARD_MS);
    this.#options.alerts.lookAtKeys(nowMs);
    return keyFacts(key);
  }

  /** Runs after the answer, because nobody needs to wait for it. */
  #noteUse(kid: string, nowMs: number): void {
    const { keys } = this.#stores;
    if (keys.isUseDue(kid, nowMs)) setTimeout(() => keys.used(kid, nowMs), 0);
  }
}

function keyFacts({ role, name }: Pick<ApiKeyRecord, "role" | "name">): AuditFacts {
  return { role, ...(name === null ? {} : { name }) };
}
