import { get } from "node:http";
import { Command } from "commander";
import { parseListenAddress } from "../settings/settings-schema.ts";
import { SETTINGS } from "../settings/setting-table.ts";

const DEFAULT_ADDRESS = "127.0.0.1:20241";
const TIMEOUT_MS = 3_000;

/** For health checks of platforms whose images hold neither a shell nor curl. */
export function readyCommand(): Command {
  return new Command("ready")
    .description("exit with 0 while the connector on this machine is accepted by the relay, else with 1")
    .option(
      "--metrics <host:port>",
      `the connector's own address (${SETTINGS.metrics.env}, default ${DEFAULT_ADDRESS})`,
    )
    .action(async ({ metrics }: { metrics?: string }) => {
      const text = metrics ?? process.env[SETTINGS.metrics.env] ?? DEFAULT_ADDRESS;
      const address = parseListenAddress(text);
      const answer =
        address === null ? { status: 0, text: `"${text}" is no host:port` } : await readiness(address);
      console.log(answer.text);
      process.exitCode = answer.status === 200 ? 0 : 1;
    });
}

/** What `/readyz` answers; status 0 when nothing does. To connect to a wildcard address is to connect to loopback. */
function readiness({
  host,
  port,
}: {
  host: string;
  port: number;
}): Promise<{ status: number; text: string }> {
  return new Promise((done) => {
    // An agent of its own: the shared one may be told by the environment to use a proxy.
    const request = get({ host, port, path: "/readyz", agent: false, timeout: TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => done({ status: response.statusCode ?? 0, text }));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on("error", (error) => done({ status: 0, text: `${host}:${port}: ${error.message}` }));
  });
}
