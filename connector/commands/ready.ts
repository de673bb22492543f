import { readFileSync } from "node:fs";
import { get } from "node:http";
import { Command } from "commander";
import { loadConfig } from "../settings/connector-settings.ts";
import { type ListenAddress, metricsAddresses, parseListenAddress } from "../platform/listen-address.ts";
import { terminalLines } from "../../shared/terminal/terminal-text.ts";
import { CONFIG_FILE, type Flags, SETTINGS } from "../settings/setting-table.ts";

const TIMEOUT_MS = 3_000;
/** An answer is one short line; another program's may be anything. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** For health checks of platforms whose images hold neither a shell nor curl. */
export function readyCommand(): Command {
  return new Command("ready")
    .description("exit with 0 while the connector of these settings is accepted by the relay, else with 1")
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
      "\nSettings are read as `culvert connect` reads them. With a token, only that token's connector counts.",
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
  // The settings of a health check may lack the token: then whatever connector answers is meant.
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
    const answer = await ask(address);
    if (answer.connector === null) silent.push(answer.text);
    else if (kid === null || answer.connector.kid === kid)
      return { ready: answer.status === 200, text: answer.text };
    else
      silent.push(`${address.host}:${address.port}: a connector with another token, ${answer.connector.kid}`);
  }
  return { ready: false, text: silent.join("\n") };
}

interface Answer {
  status: number;
  text: string;
  /** Null: it is none of ours. */
  connector: { kid: string | undefined } | null;
}

/** What `/readyz` answers. To connect to a wildcard address is to connect to loopback. */
function ask({ host, port }: ListenAddress): Promise<Answer> {
  return new Promise((done) => {
    const failed = (reason: string) =>
      done({ status: 0, text: `${host}:${port}: ${reason}`, connector: null });
    // An agent of its own: the shared one may be told by the environment to use a proxy.
    const request = get({ host, port, path: "/readyz", agent: false, timeout: TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error("another program's answer"));
      });
      response.on("end", () => {
        const connector = connectorOf(text);
        if (connector === null) return failed("another program's answer");
        done({ status: response.statusCode ?? 0, text, connector });
      });
      response.on("error", (error) => failed(error.message));
    });
    // Counts from the start: a peer that sends a byte now and then would keep an idle timer from ever firing.
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("close", () => clearTimeout(timer));
    request.on("error", (error) => failed(error.message));
  });
}

function connectorOf(text: string): Answer["connector"] {
  try {
    const { connectorId, kid } = JSON.parse(text) as { connectorId?: unknown; kid?: unknown };
    if (typeof connectorId !== "string") return null;
    return { kid: typeof kid === "string" ? kid : undefined };
  } catch {
    return null;
  }
}
