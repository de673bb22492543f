import { unwatchFile, watchFile } from "node:fs";
import type { ConnectorSettings, LoadedConfig } from "./connector-settings.ts";
import type { Logger } from "../platform/index.ts";
import type { SettingName, SETTINGS } from "./setting-table.ts";

/** Files are polled, because the system does not report swapped symbolic links (Kubernetes) and changes of mounted files. */
const POLL_MS = 1_000;

type RestartSetting = {
  [name in SettingName]: (typeof SETTINGS)[name]["changes"] extends "with a restart" ? name : never;
}[SettingName];

/** Settings that a reload cannot change, and their keys in the loaded settings. The type makes this complete. */
const FIXED: Record<RestartSetting, keyof ConnectorSettings> = {
  connections: "connections",
  connectorName: "connectorName",
  maxStreams: "maxStreams",
  metrics: "metrics",
  otlpEndpoint: "traces",
  otlpHeaders: "traces",
  traceShare: "traces",
};

export interface ReloadOptions {
  load: () => LoadedConfig;
  /** What the process runs with, and the files that it came from. */
  first: LoadedConfig & { ok: true };
  apply: (config: ConnectorSettings) => void;
  log: Logger;
}

/** Loads changed settings, when asked to and when one of their files has changed. If they are wrong, the old ones stay active. */
export class Reload {
  readonly #options: ReloadOptions;
  #config: ConnectorSettings;
  #fileIsEmpty: boolean;
  #watched: ReadonlySet<string> = new Set();
  readonly #onFileChange = (): void => this.now("a file changed");

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#config = options.first.config;
    this.#fileIsEmpty = options.first.fileIsEmpty;
    this.#watch(options.first.files);
  }

  now(why: string): void {
    const { load, apply, log } = this.#options;
    const loaded = load();
    this.#watch(loaded.files);
    if (!loaded.ok) {
      for (const { path, message } of loaded.problems) {
        log.error({ setting: path, why }, `settings not reloaded, the old ones stay active: ${message}`);
      }
      return;
    }
    const kept = this.#reasonToKeep(loaded);
    if (kept !== null) return log.error({ why }, `settings not reloaded, the old ones stay active: ${kept}`);
    const { config } = loaded;
    const old = this.#config;
    const waiting = Object.entries(FIXED).filter(
      ([, key]) => JSON.stringify(config[key]) !== JSON.stringify(old[key]),
    );
    if (waiting.length > 0) {
      const setting = waiting.map(([name]) => name).join(", ");
      log.warn({ setting }, "restart the connector to change this setting");
    }
    this.#config = config;
    this.#fileIsEmpty = loaded.fileIsEmpty;
    // Logged before the new log level applies, which may hide it.
    log.info({ why }, "settings reloaded");
    apply(config);
    warnOf(config, log);
  }

  stop(): void {
    this.#watch([]);
  }

  /** A file that is cut short while it is written may look like one that allows nothing: that asks for a restart. */
  #reasonToKeep({ config, fileIsEmpty }: LoadedConfig & { ok: true }): string | null {
    if (fileIsEmpty && !this.#fileIsEmpty) return "the settings file is empty";
    if (config.allowsNothing && !this.#config.allowsNothing) {
      return "it would allow nothing; to end all access, stop or restart the connector";
    }
    return null;
  }

  #watch(files: readonly string[]): void {
    const wanted = new Set(files);
    for (const file of this.#watched) if (!wanted.has(file)) unwatchFile(file, this.#onFileChange);
    for (const file of wanted) {
      if (this.#watched.has(file)) continue;
      watchFile(file, { interval: POLL_MS, persistent: false }, this.#onFileChange);
    }
    this.#watched = wanted;
  }
}

/** Warns about settings that are valid, but probably not intended. */
export function warnOf(config: ConnectorSettings, log: Logger): void {
  if (config.allowsNothing) {
    log.warn(
      "TUNNEL_ALLOW is empty, so the connector refuses every request: set it to the upstreams that it may reach",
    );
  }
  for (const { pattern, settings } of config.upstreams) {
    if (settings.tls.insecure) {
      log.warn(
        { upstream: pattern },
        "this upstream's TLS certificate is not checked: anyone on the network path can read and change its requests",
      );
    }
  }
}
