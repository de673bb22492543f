import { readFileSync } from "node:fs";
import { Command } from "commander";
import { connectorAt } from "./local-answer.ts";
import { loadConfig, CONFIG_FILE, type Flags, SETTINGS } from "../settings/index.ts";
import { metricsAddresses, parseListenAddress } from "../platform/index.ts";
import { terminalLines } from "../../shared/terminal/terminal-text.ts";

/** For health checks of platforms whose images have neither a shell nor curl. */
export function readyCommand(): Command {
  return new Command("ready")
    .description("exit with 0 if the relay accepts the connector with these settings, else with 1")
    .option(`${CONFIG_FILE.flag} ${CONFIG_FILE.value}`, `${CONFIG_FILE.about} (${CONFIG_FILE.env})`)
    .option(
      `${SETTINGS.tokenFile.flag} ${SETTINGS.tokenFile.value}`,
      `${SETTINGS.tokenFile.about} (${SETTINGS.tokenFile.env})`,
    )
    .option(
      `${SETTINGS.metrics.flag} ${SETTINGS.metrics.value}`,
      `the connector's address (${SETTINGS.metrics.env}, default ${SETTINGS.metrics.standard})`,
    )
    .addHelpText(
      "after",
      "\nReads settings as `culvert connect` does. With a token, only the connector with that token counts.",
    )
    .action(async (flags: Flags) => {
      const { ready, text } = await readiness(flags, process.env);
      console.log(terminalLines(text));
      process.exitCode = ready ? 0 : 1;
    });
}

interface Readiness {
  ready: boolean;
  text: string;
}

async function readiness(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readiness> {
  const loaded = loadConfig(flags, env, (path) => readFileSync(path, "utf8"));
  // The settings of a health check may lack the token. Then any connector that answers counts.
  const set = loaded.ok
    ? loaded.config.metrics
    : parseListenAddress(flags.metrics ?? env[SETTINGS.metrics.env] ?? "");
  const hasToken = [SETTINGS.token.env, SETTINGS.tokenFile.env].some((name) => (env[name] ?? "") !== "");
  if (!loaded.ok && (hasToken || flags.config !== undefined || flags.tokenFile !== undefined)) {
    return {
      ready: false,
      text: loaded.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"),
    };
  }
  const kid = loaded.ok ? loaded.config.token.kid : null;
  const silent: string[] = [];
  for (const address of metricsAddresses(set)) {
    const answer = await connectorAt(address);
    if (!answer.found) silent.push(answer.reason);
    else if (kid === null || answer.kid === kid) return { ready: answer.status === 200, text: answer.text };
    else silent.push(`${address.host}:${address.port}: a connector with another token, ${answer.kid}`);
  }
  return { ready: false, text: silent.join("\n") };
}
