import { Command, InvalidArgumentError } from "commander";
import { parseDurationMs } from "../../shared/time/duration.ts";
import { command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { print, printable, printJson, shortTime, table } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

interface ReadOptions extends RelayOptions {
  json?: boolean;
}

type CreateOptions = ReadOptions & {
  expires?: number;
} & { [fact in Kind["facts"][number]]?: string };

interface Key {
  kid: string;
  createdAt: string;
  project?: string;
  environment?: string;
  publicUrl?: string;
  role?: string;
  name?: string | null;
  expiresAt?: string | null;
  lastUsedAt?: string | null;
}

/** The two kinds of keys differ only in the fields listed here. */
interface Kind {
  name: "gateway-key" | "api-key";
  path: "/gateway-keys" | "/api-keys";
  facts: readonly ("project" | "environment" | "publicUrl" | "role" | "name")[];
  /** Times that "list" shows besides the creation. */
  times: readonly ("lastUsedAt" | "expiresAt")[];
}

const GATEWAY: Kind = {
  name: "gateway-key",
  path: "/gateway-keys",
  facts: ["project", "environment", "publicUrl"],
  times: [],
};
const API: Kind = {
  name: "api-key",
  path: "/api-keys",
  facts: ["name", "role"],
  times: ["lastUsedAt", "expiresAt"],
};

export function gatewayKeyCommand(): Command {
  const create = command("create", "create a key and print it, once", [
    "culvert gateway-key create --project my-project --environment production",
    "culvert gateway-key create --project my-project --environment production --public-url https://api.example.com",
  ])
    .requiredOption("--project <name>", "project that the gateway calls as")
    .requiredOption("--environment <name>", "environment that the gateway calls as, such as production")
    .option(
      "--public-url <url>",
      "the gateway's public URL: upstreams see it, and Location fields are rewritten to it",
    );
  return new Command("gateway-key")
    .description("manage keys for gateways outside the relay's Cloudflare account")
    .addCommand(creates(GATEWAY, create))
    .addCommand(listCommand(GATEWAY))
    .addCommand(deleteCommand(GATEWAY));
}

export function apiKeyCommand(): Command {
  const create = command("create", "create a key and print it, once", [
    'culvert api-key create --role viewer --name "grafana"',
    'culvert api-key create --role admin --name "deploys" --expires 90d',
  ])
    .requiredOption("--role <role>", "admin reads and writes, viewer only reads")
    .option("--name <name>", "a name for people, shown in lists and in the audit log")
    .option("--expires <time>", "when the key expires, such as 12h or 90d", lifetimeSeconds);
  return new Command("api-key")
    .description("manage keys of the admin API")
    .addCommand(creates(API, create))
    .addCommand(listCommand(API))
    .addCommand(deleteCommand(API));
}

function creates({ path, facts }: Kind, create: Command): Command {
  return create
    .option("--json", "print JSON")
    .action(async ({ json, expires, ...options }: CreateOptions) => {
      const client = await adminClient(options);
      const body = {
        ...Object.fromEntries(facts.map((fact) => [fact, options[fact]])),
        expiresInSeconds: expires,
      };
      const created = await client.post<Key & { key: string }>(path, body);
      if (json) return printJson(created);
      print(
        `Id   ${printable(created.kid)}\nKey  ${printable(created.key)}\n     Culvert shows it only this once.`,
      );
    });
}

function lifetimeSeconds(text: string): number {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  const lifetimeMs = days === undefined ? parseDurationMs(text) : Number(days) * 24 * 3600_000;
  if (lifetimeMs === null || lifetimeMs < 60_000)
    throw new InvalidArgumentError('It must be a time of a minute or more, such as "12h" or "90d".');
  return Math.ceil(lifetimeMs / 1_000);
}

function listCommand({ name, path, facts, times }: Kind): Command {
  return command("list", "list the keys", [`culvert ${name} list`])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: ReadOptions) => {
      const client = await adminClient(relay);
      const keys = await client.list<Key>(path);
      if (json) return printJson(keys);
      const headings = ["KID", ...facts.map(heading), "CREATED", ...times.map(heading)];
      const rows = keys.map((key) => [
        key.kid,
        ...facts.map((fact) => key[fact] ?? null),
        shortTime(key.createdAt),
        ...times.map((time) => shortTime(key[time] ?? null)),
      ]);
      print(table(headings, rows));
    });
}

function heading(fact: string): string {
  return fact
    .replace(/At$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter}`)
    .toUpperCase();
}

function deleteCommand({ name, path }: Kind): Command {
  return command("delete", "delete a key; it stops working at once", [
    `culvert ${name} delete --kid k_abcdefghij23`,
  ])
    .requiredOption("--kid <kid>", 'the key, as "list" names it')
    .option("--yes", "do not ask")
    .action(async ({ kid, yes = false, ...relay }: RelayOptions & { kid: string; yes?: boolean }) => {
      const client = await adminClient(relay);
      await confirm(`Delete ${name} ${kid}? It stops working at once.`, yes);
      await client.delete(`${path}/${encodeURIComponent(kid)}`, `There is no ${name} ${kid}.`);
      print(`Deleted ${kid}.`);
    });
}
