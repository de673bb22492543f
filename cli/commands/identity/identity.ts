import { Command } from "commander";
import { command } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { CommandError } from "../../exit-code.ts";
import { print, printable, printJson, shortTime, table } from "../../output.ts";
import { readTextFile } from "../../read-text-file.ts";
import { adminClient, type RelayOptions } from "../../settings.ts";
import { noTunnel, tunnelPath } from "../../tunnel-path.ts";

interface TunnelOptions extends RelayOptions {
  tunnelId: string;
  json?: boolean;
}

interface KeyOptions {
  jwksFile?: string;
  jwksUrl?: string;
}

interface AddOptions extends TunnelOptions, KeyOptions {
  issuer: string;
  subject: string[];
  audience?: string;
}

interface IdentityOptions extends TunnelOptions {
  identityId: string;
  yes?: boolean;
}

interface Identity {
  id: string;
  url: string;
  issuer: string;
  audience: string;
  subjects: string[];
  jwksUrl: string | null;
  keys: string[] | null;
  createdAt: string;
}

const TUNNEL = "--tunnel-id tnl_abcdefghij234567abcd";
const IDENTITY = `${TUNNEL} --identity-id wid_abcdefghij23`;

export function identityCommand(): Command {
  return new Command("identity")
    .description(
      "manage workloads that a tunnel trusts: their connectors attach without a token of the tunnel",
    )
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(setKeysCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  const add = command("add", "trust a workload by the tokens of its platform; prints its settings", [
    "kubectl get --raw /openid/v1/jwks > jwks.json   # of a cluster that the relay cannot reach",
    `culvert identity add ${TUNNEL} --issuer https://kubernetes.default.svc.cluster.local \\`,
    "    --subject system:serviceaccount:payments:culvert --jwks-file jwks.json",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--issuer <issuer>", "the iss claim of the platform's tokens")
    .requiredOption(
      "--subject <subject...>",
      "the sub claim of the workload's token, such as system:serviceaccount:NS:NAME",
    )
    .option(
      "--audience <audience>",
      "the only aud claim of the workload's token (default: the tunnel's address)",
    );
  return withKeys(add)
    .option("--json", "print JSON")
    .action(async (options: AddOptions) => {
      const { tunnelId, issuer, subject, audience, json, jwksFile, jwksUrl, ...relay } = options;
      const keys = await keysOf({ jwksFile, jwksUrl });
      const client = await adminClient(relay);
      const body = { issuer, audience, subjects: subject, ...keys };
      const path = `${tunnelPath(tunnelId)}/identities`;
      const added = await client.post<Identity>(path, body, noTunnel(tunnelId));
      if (json) return printJson(added);
      print(`Identity  ${printable(added.id)}
Audience  ${printable(added.audience)}

Settings of its connectors, none of them secret (TUNNEL_TOKEN_FILE: where the platform puts a token for this audience):

TUNNEL_IDENTITY=${printable(added.url)}
TUNNEL_TOKEN_FILE=/run/secrets/culvert/token`);
    });
}

function listCommand(): Command {
  return command("list", "list the workloads that a tunnel trusts", [`culvert identity list ${TUNNEL}`])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, json, ...relay }: TunnelOptions) => {
      const client = await adminClient(relay);
      const missing = noTunnel(tunnelId);
      const { items } = await client.get<{ items: Identity[] }>(`${tunnelPath(tunnelId)}/identities`, {
        missing,
      });
      if (json) return printJson(items);
      const rows = items.map(({ id, issuer, audience, subjects, jwksUrl, keys, createdAt }) => [
        ...[id, issuer, audience, subjects.join(" ")],
        jwksUrl ?? (keys ?? []).join(" "),
        shortTime(createdAt),
      ]);
      print(table(["ID", "ISSUER", "AUDIENCE", "SUBJECTS", "KEYS", "CREATED"], rows));
    });
}

function setKeysCommand(): Command {
  const set = command("set-keys", "replace the issuer's keys; attached connectors stay attached", [
    `culvert identity set-keys ${IDENTITY} --jwks-file jwks.json`,
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--identity-id <id>", 'the identity, as "list" names it');
  return withKeys(set).action(
    async ({ tunnelId, identityId, jwksFile, jwksUrl, ...relay }: IdentityOptions & KeyOptions) => {
      const body = await keysOf({ jwksFile, jwksUrl });
      const client = await adminClient(relay);
      const missing = noIdentity(tunnelId, identityId);
      await client.request("PUT", `${identityPath(tunnelId, identityId)}/keys`, { body, missing });
      print(printable(`Replaced the keys of ${identityId}.`));
    },
  );
}

function removeCommand(): Command {
  return command("remove", "stop trusting a workload, and disconnect its connectors", [
    `culvert identity remove ${IDENTITY}`,
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--identity-id <id>", 'the identity, as "list" names it')
    .option("--yes", "do not ask")
    .action(async ({ tunnelId, identityId, yes = false, ...relay }: IdentityOptions) => {
      const client = await adminClient(relay);
      await confirm(`Remove identity ${identityId} and disconnect its connectors?`, yes);
      await client.delete(identityPath(tunnelId, identityId), noIdentity(tunnelId, identityId));
      print(printable(`Removed ${identityId}.`));
    });
}

function withKeys(keyed: Command): Command {
  return keyed
    .option("--jwks-file <file>", "the issuer's public keys, a JSON Web Key Set")
    .option("--jwks-url <url>", "where the relay fetches them instead, if it can reach that");
}

async function keysOf({ jwksFile, jwksUrl }: { [name in keyof KeyOptions]: string | undefined }) {
  if ((jwksFile === undefined) === (jwksUrl === undefined))
    throw new CommandError("usage", "Give the issuer's keys, by --jwks-file or by --jwks-url.");
  if (jwksFile === undefined) return { jwksUrl };
  const text = await readTextFile(jwksFile);
  try {
    return { jwks: JSON.parse(text) as unknown };
  } catch (thrown) {
    throw new CommandError("usage", `${jwksFile} is not JSON.`, { cause: thrown });
  }
}

function identityPath(tunnelId: string, identityId: string): string {
  return `${tunnelPath(tunnelId)}/identities/${encodeURIComponent(identityId)}`;
}

function noIdentity(tunnelId: string, identityId: string): string {
  return `Tunnel ${tunnelId} has no identity ${identityId}.`;
}
