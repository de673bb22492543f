import { Command } from "commander";
import { parseDurationMs } from "../../shared/time/duration.ts";
import {
  type JudgedTraffic,
  type JudgedTunnel,
  VERDICT_WINDOW_MINUTES,
  type Verdict,
  verdictOf,
} from "../../shared/verdict/verdict.ts";
import type { AdminClient } from "../admin-client.ts";
import { command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit-code.ts";
import { KeptToken } from "../token/kept-token.ts";
import { note, print, printable, printJson, shortTime, table } from "../output.ts";
import { servicesCommand } from "./services.ts";
import {
  LOCATIONS_HELP,
  moveCommand,
  objectsTable,
  scaleCommand,
  type TunnelObject,
} from "./objects/tunnel-objects.ts";
import { renameCommand } from "./tunnel-rename.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { tokenLines } from "../token/token-lines.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

interface ReadOptions extends RelayOptions {
  json?: boolean;
}

const LISTED_AT_ONCE = 8;

interface TokenOptions extends ReadOptions {
  writeEnv?: string;
}

/** Not called `--env-file`, because Node takes that as its own option wherever it is in the arguments. */
const ENV_FILE = "--write-env <file>";
const ENV_FILE_ABOUT = "write the token into this new file that only you can read, and do not print it";

interface CreateOptions extends TokenOptions {
  tunnelName: string;
  location?: string;
  jurisdiction?: string;
}

interface TunnelOptions extends ReadOptions {
  tunnelId: string;
  yes?: boolean;
}

interface Connector {
  id: string;
  /** Relays of version 0.1 send none of these five. */
  name?: string | null;
  build?: string | null;
  host?: string | null;
  platform?: string | null;
  addresses?: string[];
  version: string;
  connectedAt: string;
  openStreams: number;
  kid: string;
  health: { passing: number; pending: number; failing: { service: string; reason: string }[] };
}

interface TunnelDetails {
  id: string;
  name: string;
  createdAt: string;
  status: JudgedTunnel["status"];
  connectors: Connector[];
  tokens: {
    kid: string;
    createdAt: string;
    expiresAt: string | null;
    lastUsedAt: string | null;
    connectors: number;
  }[];
  /** Older relays do not send it. */
  identities?: {
    id: string;
    issuer: string;
    subjects: string[];
    lastUsedAt: string | null;
    connectors: number;
  }[];
  /** Relays of version 0.1 do not send it. */
  objects?: TunnelObject[];
  /** Relays of version 0.1 do not send it either. */
  capturing?: { service: string; startedBy: string; endsAt: string }[];
  services: string[];
  servicesConfigurationVersion: number;
}

export function tunnelCommand(): Command {
  return new Command("tunnel")
    .description("create, list, change and delete tunnels")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(describeCommand())
    .addCommand(renameCommand())
    .addCommand(deleteCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand())
    .addCommand(scaleCommand())
    .addCommand(moveCommand())
    .addCommand(servicesCommand());
}

function createCommand(): Command {
  return command("create", "create a tunnel and print its token, once", [
    "culvert tunnel create --tunnel-name payments",
    "culvert tunnel create --tunnel-name payments --write-env payments.env   # the token is not shown",
    "culvert tunnel create --tunnel-name payments --json > tunnel.json   # contains the token: keep it secret",
  ])
    .requiredOption("--tunnel-name <name>", "a name for people")
    .option("--location <place>", `where to run it: ${LOCATIONS_HELP} (default: near its first connector)`)
    .option("--jurisdiction <name>", "where its data stays; cannot change later: eu, us or fedramp")
    .option(ENV_FILE, ENV_FILE_ABOUT)
    .option("--json", "print JSON")
    .action(async ({ tunnelName, location, jurisdiction, writeEnv, json, ...relay }: CreateOptions) => {
      const client = await adminClient(relay);
      const file = await KeptToken.begin(writeEnv);
      const wanted = { name: tunnelName, location, jurisdiction };
      const created = await file.keep(() =>
        client.post<{ id: string; name: string; token: string }>("/tunnels", wanted),
      );
      if (json) return printJson(file.without(created));
      print(`Tunnel  ${printable(created.name)}\nId      ${printable(created.id)}`);
      print(tokenLines({ ...created, relay: client.relay, envFile: file.path }));
    });
}

function listCommand(): Command {
  return command("list", "list the tunnels", [
    "culvert tunnel list",
    "culvert tunnel list --json | jq -r '.[].id'",
  ])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: ReadOptions) => {
      const client = await adminClient(relay);
      const tunnels = await withStatus(
        client,
        await client.list<{ id: string; name: string; createdAt: string }>("/tunnels"),
      );
      if (json) return printJson(tunnels);
      print(
        table(
          ["ID", "NAME", "STATUS", "CONNECTORS", "CREATED"],
          tunnels.map(({ id, name, status, connectors, createdAt }) => [
            ...[id, name, status, connectors],
            shortTime(createdAt),
          ]),
        ),
      );
    });
}

/** Asks each tunnel for its status, several at a time. Null for a tunnel that does not answer or was deleted meanwhile. */
async function withStatus<T extends { id: string }>(
  client: AdminClient,
  tunnels: readonly T[],
): Promise<(T & { status: string | null; connectors: number | null })[]> {
  const answers: (T & { status: string | null; connectors: number | null })[] = [];
  for (let at = 0; at < tunnels.length; at += LISTED_AT_ONCE) {
    const asked = tunnels.slice(at, at + LISTED_AT_ONCE).map(async (tunnel) => {
      try {
        const { status, connectors } = await client.get<TunnelDetails>(tunnelPath(tunnel.id));
        return { ...tunnel, status, connectors: connectors.length };
      } catch {
        return { ...tunnel, status: null, connectors: null };
      }
    });
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

function describeCommand(): Command {
  return command("describe", "show a tunnel's status, connectors, tokens and services", [
    "culvert tunnel describe --tunnel-id tnl_abcdefghij234567abcd",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, json, ...relay }: TunnelOptions) => {
      const client = await adminClient(relay);
      const tunnel = await client.get<TunnelDetails>(tunnelPath(tunnelId), { missing: noTunnel(tunnelId) });
      if (json) return printJson(tunnel);
      // A tunnel is described even if its traffic is not available.
      const path = `${tunnelPath(tunnelId)}/traffic?windowMinutes=${VERDICT_WINDOW_MINUTES}`;
      const traffic = await client.get<JudgedTraffic>(path).catch(() => null);
      print(describe(tunnel, verdictOf(tunnel, traffic)));
    });
}

function deleteCommand(): Command {
  return command("delete", "delete a tunnel, its tokens and services, and disconnect its connectors", [
    "culvert tunnel delete --tunnel-id tnl_abcdefghij234567abcd",
    "culvert tunnel delete --tunnel-id tnl_abcdefghij234567abcd --yes   # in a script",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--yes", "do not ask")
    .action(async ({ tunnelId, yes = false, ...relay }: TunnelOptions) => {
      const client = await adminClient(relay);
      const tunnel = await client.get<TunnelDetails>(tunnelPath(tunnelId), { missing: noTunnel(tunnelId) });
      const attached = tunnel.connectors.length;
      await confirm(
        `Delete tunnel ${tunnel.name} (${tunnel.id})? This disconnects connectors: ${attached}.`,
        yes,
      );
      await client.delete(tunnelPath(tunnelId), noTunnel(tunnelId));
      print(printable(`Deleted ${tunnel.name} (${tunnel.id}).`));
    });
}

function rotateCommand(): Command {
  return command("rotate-token", "create a new token; the older ones expire after the overlap", [
    "culvert tunnel rotate-token --tunnel-id tnl_abcdefghij234567abcd",
    "culvert tunnel rotate-token --tunnel-id tnl_abcdefghij234567abcd --overlap 24h",
    "culvert tunnel rotate-token --tunnel-id tnl_abcdefghij234567abcd --overlap 0s --yes   # a token has leaked",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option(
      "--overlap <time>",
      "how long the older tokens stay valid, such as 30m; 0s disconnects their connectors",
      "1h",
    )
    .option(ENV_FILE, ENV_FILE_ABOUT)
    .option("--yes", "do not ask")
    .option("--json", "print JSON")
    .action(
      async ({
        tunnelId,
        overlap,
        writeEnv,
        yes = false,
        json,
        ...relay
      }: TunnelOptions & TokenOptions & { overlap: string }) => {
        const overlapMs = parseDurationMs(overlap);
        if (overlapMs === null)
          throw new CommandError("usage", '--overlap must be a time such as "30m" or "1h"');
        const client = await adminClient(relay);
        if (overlapMs === 0)
          await confirm("Revoke all older tokens at once and disconnect their connectors?", yes);
        else await confirmShortened(client, tunnelId, Date.now() + overlapMs, yes);
        const overlapSeconds = Math.ceil(overlapMs / 1000);
        const file = await KeptToken.begin(writeEnv);
        const rotated = await file.keep(() =>
          client.post<{ kid: string; token: string }>(
            `${tunnelPath(tunnelId)}/tokens`,
            { overlapSeconds },
            noTunnel(tunnelId),
          ),
        );
        if (json) return printJson(file.without(rotated));
        print(
          overlapMs === 0
            ? "The older tokens are no longer valid."
            : `The older tokens stay valid for another ${overlap}.`,
        );
        print(tokenLines({ ...rotated, name: tunnelId, relay: client.relay, envFile: file.path }));
      },
    );
}

/** An earlier rotation may have promised an older token more time than this overlap. Asks before it shortens that. */
async function confirmShortened(
  client: AdminClient,
  tunnelId: string,
  endMs: number,
  yes: boolean,
): Promise<void> {
  const { tokens } = await client.get<TunnelDetails>(tunnelPath(tunnelId), { missing: noTunnel(tunnelId) });
  const shortened = tokens.filter(({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) > endMs);
  if (shortened.length === 0) return;
  const until = shortened.map(({ kid, expiresAt }) => `${kid} until ${shortTime(expiresAt)}`).join(", ");
  const end = shortTime(new Date(endMs).toISOString());
  if (yes) note(`An earlier rotation kept ${until}; now it expires at ${end}.`);
  await confirm(`An earlier rotation keeps ${until}; with this overlap it expires at ${end}. Continue?`, yes);
}

function revokeCommand(): Command {
  return command("revoke-token", "revoke one token at once and disconnect its connectors", [
    "culvert tunnel revoke-token --tunnel-id tnl_abcdefghij234567abcd --kid k_abcdefghij23",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--kid <kid>", 'the token, as "tunnel describe" names it')
    .option("--yes", "do not ask")
    .action(async ({ tunnelId, kid, yes = false, ...relay }: TunnelOptions & { kid: string }) => {
      const client = await adminClient(relay);
      await confirm(`Revoke token ${kid} at once and disconnect its connectors?`, yes);
      const path = `${tunnelPath(tunnelId)}/tokens/${encodeURIComponent(kid)}`;
      await client.delete(path, `Tunnel ${tunnelId} has no token ${kid}.`);
      print(`Revoked ${kid}.`);
    });
}

function describe(tunnel: TunnelDetails, { title, detail, since }: Verdict): string {
  const { connectors, tokens, services, servicesConfigurationVersion: version } = tunnel;
  return `Tunnel    ${printable(tunnel.name)}
Id        ${printable(tunnel.id)}
Created   ${printable(shortTime(tunnel.createdAt) ?? "-")}
Status    ${printable(tunnel.status)}
Verdict   ${title}: ${printable(detail)}${since === null ? "" : ` Since ${printable(shortTime(since) ?? "")}.`}
Services  ${services.length === 0 ? "(none: it carries no traffic)" : printable(services.join(", "))} (version ${version})${capturing(tunnel.capturing ?? [])}

Connectors
${table(
  ["ID", "NAME", "VERSION", "CONNECTED", "OPEN", "TOKEN", "REACHES"],
  connectors.map(({ id, name = null, version: software, build, connectedAt, openStreams, kid, health }) => [
    id,
    name,
    software + ((build ?? null) === null ? "" : `+${build}`),
    shortTime(connectedAt),
    openStreams,
    kid,
    reach(health),
  ]),
)}

Machines
${table(
  ["CONNECTOR", "HOST", "PLATFORM", "ADDRESS"],
  connectors.map(({ id, name, host = null, platform = null, addresses = [] }) => [
    name ?? id,
    host,
    platform,
    addresses.length === 0 ? null : addresses.join(" "),
  ]),
)}
${failures(connectors)}
Objects
${objectsTable(tunnel.objects ?? [])}

Tokens
${table(
  ["KID", "CREATED", "EXPIRES", "LAST USED", "CONNECTORS"],
  tokens.map(({ kid, createdAt, expiresAt, lastUsedAt, connectors: count }) => [
    kid,
    shortTime(createdAt),
    shortTime(expiresAt),
    shortTime(lastUsedAt),
    count,
  ]),
)}${trusted(tunnel.identities ?? [])}`;
}

/** Empty if the tunnel trusts no workload. */
function trusted(identities: NonNullable<TunnelDetails["identities"]>): string {
  if (identities.length === 0) return "";
  const rows = identities.map(({ id, issuer, subjects, lastUsedAt, connectors }) => [
    ...[id, issuer, subjects.join(" "), shortTime(lastUsedAt), connectors],
  ]);
  return `\n\nIdentities\n${table(["ID", "ISSUER", "SUBJECTS", "LAST USED", "CONNECTORS"], rows)}`;
}

/** A line of its own if captures are running, else empty. */
function capturing(captures: NonNullable<TunnelDetails["capturing"]>): string {
  return captures
    .map(
      ({ service, startedBy, endsAt }) =>
        `\nCapturing ${printable(`${service}, by ${startedBy}, until ${shortTime(endsAt) ?? ""}`)}`,
    )
    .join("");
}

/** `3 of 4 services`, counting those that have been checked. */
function reach({ passing, pending, failing }: Connector["health"]): string {
  const checked = passing + failing.length;
  if (checked === 0) return pending === 0 ? "-" : "(checking)";
  return `${passing} of ${checked} services`;
}

/** Empty if no check fails. */
function failures(connectors: readonly Connector[]): string {
  const rows = connectors.flatMap(({ id, health }) =>
    health.failing.map(({ service, reason }) => [service, id, reason]),
  );
  return rows.length === 0 ? "" : `\nFailing checks\n${table(["SERVICE", "CONNECTOR", "REASON"], rows)}\n`;
}
