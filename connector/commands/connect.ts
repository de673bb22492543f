import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import { type ConnectorSettings, type LoadedConfig, loadConfig } from "../settings/connector-settings.ts";
import { startHealthServer } from "../telemetry/health.ts";
import { createLog } from "../platform/log.ts";
import { startConnector } from "../start-connector.ts";
import { startTracing } from "../telemetry/start-tracing.ts";
import { Reload, warnOf } from "../settings/reload.ts";
import { addSettingOptions } from "../settings/command-options.ts";
import type { Flags } from "../settings/setting-table.ts";
import { VERSION } from "../../shared/version.ts";

/** `EX_CONFIG` of sysexits.h: nothing changes until somebody edits the settings. */
const EXIT_CONFIG = 78;
/** After the grace period: what supervises the process waits somewhat longer than that. */
const LAST_SPANS_MS = 5_000;

export function connectCommand(): Command {
  const command = new Command("connect")
    .description("run a connector: dials out to the relay and serves its requests from this network")
    .option(
      "--check",
      "only check the settings: exit with 0 when they are valid, else with 78 and every problem",
    );
  return addSettingOptions(command).action(
    async ({ check = false, ...flags }: Flags & { check?: boolean }) => {
      const load = () => loadConfig(flags, process.env, (path) => readFileSync(path, "utf8"));
      const loaded = load();
      if (!loaded.ok) {
        for (const { path, message } of loaded.problems) console.error(`${path}: ${message}`);
        process.exit(EXIT_CONFIG);
      }
      if (!check) return await runConnector(loaded, load);
      console.log("the settings are valid");
      warnOf(loaded.config, createLog("warn"));
    },
  );
}

async function runConnector(first: LoadedConfig & { ok: true }, load: () => LoadedConfig): Promise<void> {
  let config: ConnectorSettings = first.config;
  const log = createLog(config.logLevel);
  const { relayUrl, token, connections, metrics } = config;
  const connectorId = `con_${randomBytes(12).toString("hex")}`;
  const tracing = await startTracing({ config, connectorId, softwareVersion: VERSION, log });
  const { connector, apply } = startConnector({
    ...{ config, connectorId, softwareVersion: VERSION, tracing, log },
  });
  const health = await startHealthServer(metrics, {
    connectorId,
    readyConnections: () => connector.readyConnections,
    metricsText: () => connector.metricsText(),
  }).catch((error: NodeJS.ErrnoException) => {
    log.fatal({ reason: error.code }, `cannot listen on ${metrics.host}:${metrics.port}: set TUNNEL_METRICS`);
    process.exit(EXIT_CONFIG);
  });
  log.info(
    {
      ...{ version: VERSION, connectorId, relay: relayUrl, tunnelId: token.tunnelId, kid: token.kid },
      ...{ connections, metrics: originOf(health) },
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
  process.on("SIGHUP", () => reload.now("SIGHUP"));

  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    reload.stop();
    log.info({ signal, graceMs: config.gracePeriodMs }, "draining: requests already taken may finish");
    void connector.drain(config.gracePeriodMs).then(async () => {
      await tracing?.flush(LAST_SPANS_MS);
      log.info("stopped");
      health.close();
      process.exit(0);
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

/** With the port that the system chose where 0 was asked for. */
function originOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
