import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { type LoadedConfig, loadConfig, Reload, type SettingName } from "../../connector/settings/index.ts";
import { startConnector as startNodeConnector } from "../../connector/start-connector.ts";
import { VERSION } from "../../shared/release/version.ts";

/** The settings of `culvert connect`, with the names of its settings file (docs/connector.md lists them all). */
export interface ConnectorOptions {
  /** The tunnel's token. Alternatively, `tokenFile`. */
  token?: string;
  tokenFile?: string;
  /** The identity under which the tunnel trusts this workload. `tokenFile` then contains its JSON Web Token. */
  identity?: string;
  /** Overrides the relay's URL in the token. */
  relay?: string;
  /** What may be reached: `"127.0.0.1:8080"`, or a list. Everything else is refused. */
  allow: string | readonly string[];
  /** Per service: `methods`, `paths`, `maxBodyBytes`. */
  services?: Readonly<Record<string, object>>;
  /** Per upstream: TLS, protocol, timeouts, pool. */
  upstreams?: Readonly<Record<string, object>>;
  connections?: number;
  /** The connector's name in lists and logs. Default: the host's name. */
  connectorName?: string;
  maxStreams?: number;
  /** How long `drain` lets requests finish, such as "30s". */
  gracePeriod?: string;
  /** How long a reader may read nothing before its stream is ended, such as "5m". */
  stallTimeout?: string;
  /** Which requests `onLog` receives: "all" (default), "off", or a share such as "5%". */
  accessLog?: string;
  proxy?: string;
  proxyBypass?: string;
  /** Called with each log line. Without it, warnings and errors go to standard error. */
  onLog?: (entry: LogEntry) => void;
}

export interface LogEntry {
  level: "debug" | "info" | "warn" | "error" | "fatal";
  /** ISO 8601. */
  time: string;
  msg: string;
  [fact: string]: unknown;
}

export interface RunningConnector {
  readonly connectorId: string;
  /** The number of connections that the relay has accepted. */
  readonly readyConnections: number;
  /** Resolves once the relay has accepted a connection; rejects after `timeoutMs` (30 s). */
  ready(timeoutMs?: number): Promise<void>;
  /** The metrics in the text format of Prometheus. */
  metricsText(): Promise<string>;
  /**
   * Accepts no more requests, lets the running ones finish within the grace period, and stops. Call it before
   * `server.close()`.
   */
  drain(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
/** In messages, stands in place of the settings file's name. */
const OPTIONS = "startConnector";

/** Connects at once, and again whenever the connection is lost. Rejects with all problems of the options. */
export async function startConnector({
  onLog = warningsToStderr,
  ...options
}: ConnectorOptions): Promise<RunningConnector> {
  const load = (): LoadedConfig => loadOptions(options);
  const first = load();
  if (!first.ok) throw new Error(first.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  const { config } = first;
  const connectorId = `con_${randomBytes(12).toString("hex")}`;
  const log = pino(
    {
      ...{ level: "info", base: null, timestamp: pino.stdTimeFunctions.isoTime },
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => onLog(JSON.parse(line) as LogEntry) },
  );
  const { connector, apply } = startNodeConnector({
    ...{ config, connectorId, softwareVersion: VERSION, tracing: null, log },
    droppedLogLines: () => 0,
  });
  // Watches the files that the options name: platforms replace token files when they renew tokens.
  const reload = new Reload({ load, first, apply, log });
  return {
    connectorId,
    get readyConnections() {
      return connector.readyConnections;
    },
    async ready(timeoutMs = READY_TIMEOUT_MS) {
      const deadlineMs = performance.now() + timeoutMs;
      while (connector.readyConnections === 0) {
        if (performance.now() > deadlineMs)
          throw new Error(`the relay accepted no connection within ${timeoutMs} ms`);
        await sleep(POLL_MS);
      }
    },
    metricsText: () => connector.metricsText(),
    drain: () => {
      reload.stop();
      return connector.drain(config.gracePeriodMs);
    },
  };
}

/** Settings that only the command's process has: it serves metrics, writes a log and exports traces. */
type CommandSetting = "metrics" | "loglevel" | "otlpEndpoint" | "otlpHeaders" | "traceShare";
/** Does not compile if a setting is neither an option above nor in `CommandSetting`. */
type EverySetting<Options extends Record<Exclude<SettingName, CommandSetting>, unknown>> = Options;
type Options = EverySetting<Required<Omit<ConnectorOptions, "onLog">>>;

function loadOptions(options: Partial<Options>): LoadedConfig {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const text = JSON.stringify(given);
  const loaded = loadConfig({ config: OPTIONS }, {}, (path) =>
    path === OPTIONS ? text : readFileSync(path, "utf8"),
  );
  return { ...loaded, files: loaded.files.filter((path) => path !== OPTIONS) };
}

function warningsToStderr(entry: LogEntry): void {
  if (entry.level !== "info" && entry.level !== "debug") process.stderr.write(`${JSON.stringify(entry)}\n`);
}
