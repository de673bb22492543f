import type { TokenUse, TunnelConfig } from "./configuration/tunnel-config.ts";

const CONFIG_KEY = "config";
const TOKEN_USE_PREFIX = "token-use:";

/**
 * What a tunnel's object keeps in its storage: its copy of the configuration, and when each token last connected.
 * Nothing is written before there is something to keep, so a request for a made-up tunnel leaves no trace.
 */
export class TunnelStore {
  readonly #storage: DurableObjectStorage;
  readonly #kv: SyncKvStorage;
  #config: TunnelConfig | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#kv = storage.kv;
  }

  /** The newest configuration that was saved here; null if there is none. It stays in memory once it was read. */
  config(): TunnelConfig | null {
    this.#config ??= this.#kv.get<TunnelConfig>(CONFIG_KEY) ?? null;
    return this.#config;
  }

  /** Keeps `config` unless the copy here is as new. True when it was kept. */
  save(config: TunnelConfig): boolean {
    const current = this.config();
    if (current !== null && current.version >= config.version) return false;
    this.#kv.put(CONFIG_KEY, config);
    this.#config = config;
    return true;
  }

  /** Deletes everything about a tunnel that this object no longer carries. */
  async forget(): Promise<void> {
    this.#config = undefined;
    await this.#storage.deleteAll();
  }

  tokenUsed(kid: string, nowMs: number): void {
    this.#kv.put(TOKEN_USE_PREFIX + kid, nowMs);
  }

  tokenUses(): TokenUse[] {
    return Array.from(this.#kv.list<number>({ prefix: TOKEN_USE_PREFIX }), ([key, lastUsedAtMs]) => ({
      kid: key.slice(TOKEN_USE_PREFIX.length),
      lastUsedAtMs,
    }));
  }
}
