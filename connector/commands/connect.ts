import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isatty } from "node:tty";
import { Command } from "commander";
import {
  type ConnectorSettings,
  type LoadedConfig,
  loadConfig,
  Reload,
  warnOf,
  addSettingOptions,
  type Flags,
} from "../settings/index.ts";
import { metricsAddresses, keepDescriptors, createLog, type Logger, nodeClock } from "../platform/index.ts";
import {
  type HealthSources,
  startHealthServer,
  LastLines,
  isOwnerProof,
  startTracing,
} from "../telemetry/index.ts";
import { startConnector } from "../start-connector.ts";
import { BUILD_ID } from "../../shared/release/build-id.ts";
import { terminalText } from "../../shared/terminal/terminal-text.ts";
import { VERSION } from "../../shared/release/version.ts";

/** `EX_CONFIG` of sysexits.h: nothing changes until somebody edits the settings. */
const EXIT_CONFIG = 78;
/** Time for the last spans after the grace period. The process's supervisor waits somewhat longer than that. */
const LAST_SPANS_MS = 5_000;

export function connectCommand(): Command {
  const command = new Command("connect")
    .description("run a connector: dials out to the relay and serves its requests from this network")
    .option("--check", "check the settings and exit: 0 if they are valid, else 78 with every problem");
  return addSettingOptions(command).action(
    async ({ check = false, ...flags }: Flags & { check?: boolean }) => {
      const load = () => loadConfig(flags, process.env, (path) => readFileSync(path, "utf8"));
      const loaded = load();
      if (!loaded.ok) {
        for (const { path, message } of loaded.problems) console.error(terminalText(`${path}: ${message}`));
        process.exit(EXIT_CONFIG);
      }
      if (!check) return await runConnector(loaded, load);
      console.log("The settings are valid.");
      warnOf(loaded.config, createLog("warn").log);
    },
  );
}

async function runConnector(first: LoadedConfig & { ok: true }, load: () => LoadedConfig): Promise<void> {
  let config: ConnectorSettings = first.config;
  const lastLines = new LastLines();
  const { log, sink } = createLog(config.logLevel, (line) => lastLines.add(line));
  const { relayUrl, token, connections } = config;
  const connectorId = `con_${randomBytes(12).toString("hex")}`;
  const tracing = await startTracing({ config, connectorId, softwareVersion: VERSION, log });
  const { connector, apply, reportFault } = startConnector({
    ...{ config, connectorId, softwareVersion: VERSION, tracing, log },
    droppedLogLines: () => sink.droppedLines,
  });
  // An exception from an unknown place is logged and ends nothing, least of all the process.
  process.on("uncaughtException", (thrown) => reportFault("process", thrown));
  process.on("unhandledRejection", (thrown) => reportFault("process", thrown));
  keepDescriptors(
    () => nodeClock.nowMs(),
    () =>
      log.warn(
        "no file descriptors are left for upstream connections: raise the limit (ulimit -n, LimitNOFILE) or run more connectors",
      ),
  );
  const health = await listenForHealth(config, log, {
    connectorId,
    kid: () => config.token.kid,
    readyConnections: () => connector.readyConnections,
    metricsText: () => connector.metricsText(),
    isOwner: (proof) => isOwnerProof(proof, config.tokenText, Date.now()),
    logLines: () => lastLines.text,
  });
  log.info(
    {
      ...{ version: VERSION, build: BUILD_ID, connectorId, name: config.connectorName },
      ...{ relay: relayUrl, tunnelId: token.tunnelId, kid: token.kid },
      ...{ connections, metrics: health === null ? null : originOf(health) },
    },
    "starting",
  );
  warnOf(config, log);

  const reload = new Reload({
    load,
    first,
    log,
    apply(next) {
      config = next;
      apply(next);
    },
  });

  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) {
      sink.abandon();
      // If anything keeps the process from ending even now, the next signal has the system's default effect.
      process.removeAllListeners(signal);
      process.exit(1);
    }
    stopping = true;
    reload.stop();
    log.info({ signal, graceMs: config.gracePeriodMs }, "draining: requests under way may finish");
    const stopped = connector.drain(config.gracePeriodMs).then(() => tracing?.flush(LAST_SPANS_MS));
    void stopped.finally(() => {
      log.info("stopped");
      health?.close();
      process.exit(0);
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // On a terminal, SIGHUP means that the terminal is gone. A daemon has no terminal, and reloads its settings.
  const onTerminal = [0, 1, 2].some((fd) => isatty(fd));
  process.on("SIGHUP", onTerminal ? stop : () => reload.now("SIGHUP"));
  process.on("SIGUSR1", () => log.warn("SIGUSR1 ignored: the debugger is disabled"));
}

/** If the metrics cannot be served, the connector still serves requests. */
async function listenForHealth(
  { metrics }: ConnectorSettings,
  log: Logger,
  sources: HealthSources,
): Promise<Server | null> {
  const addresses = metricsAddresses(metrics);
  try {
    return await startHealthServer(addresses, sources);
  } catch (error) {
    const tried = addresses.map(({ host, port }) => `${host}:${port}`).join(", ");
    const reason = (error as NodeJS.ErrnoException).code;
    log.warn({ reason, tried }, "no free address for /readyz and /metrics: set TUNNEL_METRICS");
    return null;
  }
}

/** The origin, with the port that the system chose if 0 was given. */
function originOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
