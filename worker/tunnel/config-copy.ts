import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import { withTimeout } from "../with-timeout.ts";
import { isListed, type TunnelConfig } from "./configuration/tunnel-config.ts";
import type { TunnelStore } from "./tunnel-store.ts";

/** Time limit for the Registry, which answers in milliseconds. Requests wait for it if there is no copy. */
const REGISTRY_TIMEOUT_MS = 10_000;

/** How long a tunnel that the Registry does not know is not asked for again. */
const UNKNOWN_MS = 5_000;

/** How often to ask the Registry to renew a copy that an older release has left. */
const NEWER_MS = 60_000;

interface ConfigCopyOptions {
  store: TunnelStore;
  nowMs: () => number;
  /** This object's name. An object that does not know its name asks nobody. */
  name: () => string | undefined;
  /** Asks the Registry. */
  pull: (objectName: string) => Promise<TunnelConfig | null>;
  /** Activates a newer configuration. */
  apply: (config: TunnelConfig) => void;
  waitUntil: (work: Promise<unknown>) => void;
}

/** The configuration by which this object decides: its stored copy, or the Registry's answer if it has none. */
export class ConfigCopy {
  readonly #options: ConfigCopyOptions;
  #unknownUntilMs = 0;
  #newerAskedUntilMs = 0;
  /** For an object that is off the list: where to hand requests. It does not store this. */
  #strayed: { config: TunnelConfig; untilMs: number } | null = null;

  constructor(options: ConfigCopyOptions) {
    this.#options = options;
  }

  /** Null: as far as is known, there is no such tunnel. A `TunnelError`: there is no copy, and the Registry did not answer. */
  async get(): Promise<TunnelConfig | TunnelError | null> {
    const { store, nowMs, pull } = this.#options;
    const kept = store.config();
    if (kept !== null) {
      if (kept.relayName === undefined) this.#askForNewer();
      return kept.deleted ? null : kept;
    }
    if (this.#strayed !== null && nowMs() < this.#strayed.untilMs) return this.#strayed.config;
    const name = this.#options.name();
    if (name === undefined || nowMs() < this.#unknownUntilMs) return null;
    try {
      const pulled = await withTimeout(pull(name), REGISTRY_TIMEOUT_MS, undefined);
      if (pulled === undefined) throw new Error("The Registry does not answer.");
      if (pulled === null) this.#unknownUntilMs = nowMs() + UNKNOWN_MS;
      else if (isListed(pulled, name)) store.save(pulled);
      else this.#strayed = { config: pulled, untilMs: nowMs() + UNKNOWN_MS };
      return pulled?.deleted === true ? null : pulled;
    } catch (thrown) {
      return publicError("OVERLOADED", "The tunnel's configuration is unavailable now.", {
        cause: thrown,
      });
    }
  }

  /** Keeps `config` unless the copy here is as new. True when it was kept. */
  save(config: TunnelConfig): boolean {
    if (!this.#options.store.save(config)) return false;
    this.#unknownUntilMs = 0;
    return true;
  }

  /** Runs beside the request, because the tunnel can serve with its copy. */
  #askForNewer(): void {
    const { nowMs, pull, apply, waitUntil } = this.#options;
    const name = this.#options.name();
    if (name === undefined || nowMs() < this.#newerAskedUntilMs) return;
    this.#newerAskedUntilMs = nowMs() + NEWER_MS;
    const taken = pull(name)
      .then((config) => config && apply(config))
      .catch(() => null);
    waitUntil(taken);
  }
}
