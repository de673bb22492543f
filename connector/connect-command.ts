import { readFileSync } from "node:fs";
import { Command } from "commander";
import { type Flags, loadConfig, SETTINGS } from "./config.ts";
import { startHealthServer } from "./health.ts";
import { createLog } from "./log.ts";
import { startConnector } from "./node-connector.ts";
import { VERSION } from "./version.ts";

/** `EX_CONFIG` of sysexits.h: nothing changes until somebody edits the settings. */
const EXIT_CONFIG = 78;

export function connectCommand(): Command {
  return new Command("connect")
    .description("run a connector: dials out to the relay and serves its requests from this network")
    .option("--token-file <path>", `file that holds the tunnel's token (${SETTINGS.tokenFile.env})`)
    .option("--relay <url>", `relay to use instead of the token's (${SETTINGS.relay.env})`)
    .option(
      "--allow <list>",
      `upstreams that may be reached, e.g. "api.internal:8080,10.0.0.0/8:443" (${SETTINGS.allow.env})`,
    )
    .option("--connections <n>", `connections to the relay (${SETTINGS.connections.env}, default 1)`)
    .option(
      "--grace-period <time>",
      `how long SIGTERM lets requests finish (${SETTINGS.gracePeriod.env}, default 30s)`,
    )
    .option(
      "--metrics <host:port>",
      `address of /healthz, /readyz, /metrics (${SETTINGS.metrics.env}, default 127.0.0.1:20241)`,
    )
    .option(
      "--loglevel <level>",
      `debug, info, warn, error or fatal (${SETTINGS.loglevel.env}, default info)`,
    )
    .option(
      "--access-log <share>",
      `requests that are logged: all, off, or a share such as 5% (${SETTINGS.accessLog.env}, default all)`,
    )
    .addHelpText(
      "after",
      `\nThe token itself comes from ${SETTINGS.token.env} or a file, never from an argument: arguments are visible to every user of the machine.`,
    )
    .action((flags: Flags) => runConnector(flags));
}

async function runConnector(flags: Flags): Promise<void> {
  const loaded = loadConfig(flags, process.env, (path) => readFileSync(path, "utf8"));
  if (!loaded.ok) {
    for (const { path, message } of loaded.problems) console.error(`${path}: ${message}`);
    process.exit(EXIT_CONFIG);
  }
  const { config } = loaded;
  const log = createLog(config.logLevel);
  const connector = startConnector(config, log, VERSION);
  const health = await startHealthServer(config.metrics, {
    connectorId: connector.connectorId,
    readyConnections: () => connector.readyConnections,
    metricsText: () => connector.metricsText(),
  }).catch((error: NodeJS.ErrnoException) => {
    log.fatal(
      { reason: error.code },
      `cannot listen on ${config.metrics.host}:${config.metrics.port}: set TUNNEL_METRICS`,
    );
    process.exit(EXIT_CONFIG);
  });

  const { relayUrl, token, connections } = config;
  const { connectorId } = connector;
  log.info(
    { version: VERSION, connectorId, relay: relayUrl, tunnelId: token.tunnelId, kid: token.kid, connections },
    "starting",
  );
  if (config.allowsNothing) {
    log.warn(
      "TUNNEL_ALLOW is empty, so every request will be refused: set it to the upstreams this connector may reach",
    );
  }

  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal, graceMs: config.gracePeriodMs }, "draining: requests already taken may finish");
    void connector.drain(config.gracePeriodMs).then(() => {
      log.info("stopped");
      health.close();
      process.exit(0);
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
