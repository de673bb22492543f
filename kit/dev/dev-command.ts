import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { command, eventLine, CommandError, printable } from "../../cli/index.ts";
import { isServiceOrigin } from "../local/services/service-server.ts";
import type { TwinGateway } from "../local/index.ts";
import { startDev } from "./start-dev.ts";

const CONFIG_FILES = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];
const COLUMN = 11;
const SERVICE_EXAMPLES = "payments-api-prod=http://localhost:8080 or orders-db=tcp://localhost:5432";

interface DevCommandOptions {
  gateway?: string[];
  env?: string;
  service: Record<string, string>;
  servicesFile?: string;
  var?: Record<string, string>;
  allow?: string;
  port: number;
  json?: boolean;
}

export function devCommand(): Command {
  return command("dev", "run a gateway, the relay and a connector on this machine until Ctrl-C", [
    "culvert dev --service payments-api-prod=http://localhost:8080",
    "culvert dev --gateway ./src/index.ts --service payments-api-prod=http://localhost:8080",
    "culvert dev --gateway wrangler.jsonc --env staging --service api=http://localhost:8080 --services-file services.json",
  ])
    .option(
      "--gateway <path>",
      "the gateway's wrangler configuration, or its Worker's entry file; of several, the first gets the requests (default: wrangler.jsonc, .json or .toml here)",
      (path: string, before: string[] | undefined) => [...(before ?? []), path],
    )
    .option("--env <name>", "environment in that configuration")
    .requiredOption("--service <name=url>", "a service and its URL; may be repeated", serviceOption)
    .option(
      "--services-file <path>",
      "services file that says who may call what (default: every gateway may call every service)",
    )
    .option("--var <name=value>", "a variable for the gateway, besides those in its configuration", pair)
    .option("--allow <hosts>", "what the connector may reach (default: the services above)")
    .option("--port <port>", "port of the gateway on loopback; 0 for any free port", portNumber, 8787)
    .option("--json", "print each request as one line of JSON")
    .action(runDev);
}

async function runDev({ json = false, ...options }: DevCommandOptions): Promise<void> {
  const { service: services, servicesFile, env, port, var: vars = {} } = options;
  const paths = options.gateway ?? CONFIG_FILES.filter((path) => existsSync(path)).slice(0, 1);
  if (paths.length === 0)
    throw new CommandError("usage", "--gateway: there is no wrangler configuration here");
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const dev = await startDev({
    gateway: paths.map((path) => gatewayAt(path, vars)),
    ...(env === undefined ? {} : { env }),
    ...{ services, servicesFile, port },
    ...(Object.keys(vars).length === 0 ? {} : { vars }),
    allow: options.allow ?? [...new Set(Object.values(services).map(hostAndPort))].join(","),
    onRequest: (event) => say(json ? JSON.stringify(event) : eventLine(event)),
    onConsole: (line) => process.stderr.write(`${printable(line)}\n`),
    onReload: (problem) =>
      process.stderr.write(
        problem === null
          ? "reloaded\n"
          : `reload failed, the gateway is down until the next change: ${problem.split("\n").map(printable).join("\n")}\n`,
      ),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new CommandError("usage", `--port: ${port} is in use; use 0 for a free port`);
  });
  if (!json) {
    say(`${"gateway".padEnd(COLUMN)}${dev.gatewayUrl}`);
    say(`${"dashboard".padEnd(COLUMN)}${dev.relayUrl}/dashboard  with the key ${dev.adminKey}`);
    for (const [name, url] of Object.entries(services)) say(`${"service".padEnd(COLUMN)}${name}  ${url}`);
    say("ready: changes to the gateway's files reload it; press Ctrl-C to stop");
  }
  await interrupted();
  await dev.stop();
  // Exits explicitly, because wrangler keeps handles open.
  process.exit(0);
}

function interrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      // wrangler's own listeners would end the process at once, in the middle of requests.
      process.removeAllListeners(signal).on(signal, () => done());
    }
  });
}

function gatewayAt(path: string, vars: Record<string, string>): TwinGateway {
  return /\.(jsonc?|toml)$/.test(path) ? path : { entry: path, vars };
}

function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}

function serviceOption(text: string, before?: Record<string, string>): Record<string, string> {
  const url = pair(text, {})[text.slice(0, text.indexOf("="))] ?? "";
  if (!isServiceOrigin(url)) throw new InvalidArgumentError(`must be NAME=URL, such as ${SERVICE_EXAMPLES}.`);
  return pair(text, before);
}

function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("must be NAME=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("must be a port.");
  return port;
}
