import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Command } from "commander";
import { command } from "../command.ts";
import { CommandError } from "../exit-code.ts";
import { printable } from "../output.ts";
import { relayOrigin } from "../settings.ts";

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/i;
const LISTEN = /^(?<host>[^:[\]]+|\[[0-9a-f:.]+\]):(?<port>\d{1,5})$/i;

interface ForwardOptions {
  relay?: string;
  tunnelId: string;
  service: string;
  listen: string;
  gatewayKeyFile?: string;
  anyInterface?: boolean;
}

export function forwardCommand(): Command {
  return command("forward", "forward a local port to a TCP service of a tunnel, until Ctrl-C", [
    "culvert forward --tunnel-id tnl_abcdefghij234567abcd --service orders-db --listen 127.0.0.1:5432",
    "CULVERT_GATEWAY_KEY=… culvert forward --tunnel-id … --service cache --listen 127.0.0.1:6379",
  ])
    .option("--relay <url>", "the relay's URL (CULVERT_RELAY)")
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--service <name>", "the TCP service, or host:port of a network rule")
    .requiredOption("--listen <host:port>", "where to listen; port 0 for any free port")
    .option("--gateway-key-file <file>", "file with the gateway key (default: CULVERT_GATEWAY_KEY)")
    .option(
      "--any-interface",
      "allow an address other than loopback: everyone who can reach it then uses your key",
    )
    .action(async (options: ForwardOptions) => await listenAndCarry(options));
}

async function listenAndCarry(options: ForwardOptions): Promise<void> {
  const { host, port } = listenAddress(options);
  const relay = options.relay ?? process.env["CULVERT_RELAY"];
  if (relay === undefined)
    throw new CommandError("usage", "Set CULVERT_RELAY or --relay to the relay's URL.");
  const { tunnelId, service } = options;
  const path = `/~/${encodeURIComponent(tunnelId)}/${encodeURIComponent(service)}`;
  const target = { url: relayOrigin(relay).replace(/^http/, "ws") + path, key: gatewayKey(options) };
  const note = (text: string): void => void process.stderr.write(`${printable(text)}\n`);
  // Imported only here, because it loads a WebSocket client that no other command needs.
  const { carryOver } = await import("../forward-socket.ts");
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (local) => {
    carryOver(local, target, (problem) => note(`${service}: ${problem}`));
  });
  server.listen({ host, port });
  await listening(server, options.listen);
  note(`${service} is at ${host}:${(server.address() as AddressInfo).port}; press Ctrl-C to stop.`);
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  await once(ended.signal, "abort");
  server.close();
  // Exits with connections open. They end with the process; waiting for them could take for ever.
  process.exit(0);
}

function listenAddress({ listen, anyInterface = false }: ForwardOptions): { host: string; port: number } {
  const parts = LISTEN.exec(listen)?.groups;
  const port = Number(parts?.["port"]);
  if (parts?.["host"] === undefined || port > 65_535)
    throw new CommandError("usage", "--listen must be host:port, such as 127.0.0.1:5432.");
  if (!LOOPBACK.test(parts["host"]) && !anyInterface) {
    const message = `${parts["host"]} is not a loopback address: others could use your key there. Add --any-interface if they may.`;
    throw new CommandError("usage", message);
  }
  return { host: parts["host"].replace(/^\[(.*)\]$/, "$1"), port };
}

function gatewayKey({ gatewayKeyFile }: ForwardOptions): string {
  const key = gatewayKeyFile === undefined ? process.env["CULVERT_GATEWAY_KEY"] : keyIn(gatewayKeyFile);
  if (key !== undefined && key !== "") return key;
  throw new CommandError("usage", "Set CULVERT_GATEWAY_KEY, or --gateway-key-file to a file with the key.");
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CommandError(
      "usage",
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "?"}`,
    );
  }
}

async function listening(server: Server, listen: string): Promise<void> {
  try {
    await once(server, "listening");
  } catch (error) {
    throw new CommandError("failed", `${listen}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
