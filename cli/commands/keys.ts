import { Command } from "commander";
import { command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { print, printable, printJson, shortTime, table } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

interface ReadOptions extends RelayOptions {
  json?: boolean;
}

interface Key {
  kid: string;
  createdAt: string;
  project?: string;
  environment?: string;
  publicUrl?: string;
  role?: string;
}

/** The two kinds of keys differ in what stands beside them. */
interface Kind {
  name: "gateway-key" | "api-key";
  path: "/gateway-keys" | "/api-keys";
  facts: readonly ("project" | "environment" | "publicUrl" | "role")[];
}

const GATEWAY: Kind = {
  name: "gateway-key",
  path: "/gateway-keys",
  facts: ["project", "environment", "publicUrl"],
};
const API: Kind = { name: "api-key", path: "/api-keys", facts: ["role"] };

export function gatewayKeyCommand(): Command {
  const create = command("create", "make a key; prints it, once", [
    "culvert gateway-key create --project my-project --environment production",
    "culvert gateway-key create --project my-project --environment production --public-url https://api.example.com",
  ])
    .requiredOption("--project <name>", "the project that the gateway calls as")
    .requiredOption("--environment <name>", "and its environment, such as production")
    .option(
      "--public-url <url>",
      "where the gateway's own clients call it: upstreams are told, and Location leads there",
    );
  return new Command("gateway-key")
    .description("keys for gateways that are no Worker of the relay's account")
    .addCommand(creates(GATEWAY, create))
    .addCommand(listCommand(GATEWAY))
    .addCommand(deleteCommand(GATEWAY));
}

export function apiKeyCommand(): Command {
  const create = command("create", "make a key; prints it, once", [
    "culvert api-key create --role viewer",
  ]).requiredOption("--role <role>", "admin writes and reads, viewer reads");
  return new Command("api-key")
    .description("keys of the admin API")
    .addCommand(creates(API, create))
    .addCommand(listCommand(API))
    .addCommand(deleteCommand(API));
}

function creates({ path, facts }: Kind, create: Command): Command {
  return create
    .option("--json", "print JSON")
    .action(async ({ json, ...options }: ReadOptions & Record<string, string>) => {
      const client = await adminClient(options);
      const body = Object.fromEntries(facts.map((fact) => [fact, options[fact]]));
      const created = await client.post<Key & { key: string }>(path, body);
      if (json) return printJson(created);
      print(`Id   ${printable(created.kid)}\nKey  ${printable(created.key)}\n     Shown this once.`);
    });
}

function listCommand({ name, path, facts }: Kind): Command {
  return command("list", "list the keys", [`culvert ${name} list`])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: ReadOptions) => {
      const client = await adminClient(relay);
      const keys = await client.list<Key>(path);
      if (json) return printJson(keys);
      const headings = ["KID", ...facts.map(heading), "CREATED"];
      const rows = keys.map((key) => [
        key.kid,
        ...facts.map((fact) => key[fact] ?? null),
        shortTime(key.createdAt),
      ]);
      print(table(headings, rows));
    });
}

function heading(fact: string): string {
  return fact.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
}

function deleteCommand({ name, path }: Kind): Command {
  return command("delete", "delete a key; it holds no longer", [
    `culvert ${name} delete --kid k_abcdefghij23`,
  ])
    .requiredOption("--kid <kid>", 'the key, as "list" names it')
    .option("--yes", "do not ask")
    .action(async ({ kid, yes = false, ...relay }: RelayOptions & { kid: string; yes?: boolean }) => {
      const client = await adminClient(relay);
      await confirm(`Delete ${name} ${kid}? Whoever uses it is refused from then on.`, yes);
      await client.delete(`${path}/${encodeURIComponent(kid)}`, `There is no ${name} ${kid}.`);
      print(`Deleted ${kid}.`);
    });
}
