import { Command, InvalidArgumentError } from "commander";
import { type ServicesFile, callers, servicesDifference } from "../../shared/services/index.ts";
import type { AdminClient } from "../admin-client.ts";
import { RefusedError } from "../admin-client.ts";
import { command } from "../command.ts";
import { CommandError } from "../exit-code.ts";
import { print, printable, printJson, shortTime, table } from "../output.ts";
import { readServicesFile } from "../read-services-file.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

export function servicesCommand(): Command {
  return new Command("services")
    .description("show and change a tunnel's services, and who may call them")
    .addCommand(describeCommand())
    .addCommand(updateCommand())
    .addCommand(versionsCommand())
    .addCommand(rollbackCommand());
}

function describeCommand(): Command {
  return command("describe", "show a tunnel's services file", [
    "culvert tunnel services describe --tunnel-id tnl_abcdefghij234567abcd",
    "culvert tunnel services describe --tunnel-id tnl_abcdefghij234567abcd --json > services.json",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--json", 'print the file as JSON, as "update" reads it')
    .action(async ({ tunnelId, json, ...relay }: RelayOptions & { tunnelId: string; json?: boolean }) => {
      const { file } = await currentFile(await adminClient(relay), tunnelId);
      if (json) return printJson(file);
      print(
        table(
          ["SERVICE", "LEADS TO", "OPEN TO"],
          [
            ...file.services.map((service) => [
              service.name,
              service.endpoint,
              callers(service.configurations).join("; ") || "nobody",
            ]),
            ...(file.networks ?? []).flatMap(({ hosts, configurations }) =>
              hosts.map((host) => ["-", host, callers(configurations).join("; ") || "nobody"]),
            ),
          ],
        ),
      );
    });
}

interface UpdateOptions extends RelayOptions {
  tunnelId: string;
  configurationFile: string;
  dryRun?: boolean;
}

function updateCommand(): Command {
  return command("update", "check a services file, show what it changes, and activate it", [
    "culvert tunnel services update --tunnel-id tnl_abcdefghij234567abcd --configuration-file services.json",
    "culvert tunnel services update --tunnel-id tnl_abcdefghij234567abcd --configuration-file services.json --dry-run",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--configuration-file <file>", "the services file, JSON")
    .option("--dry-run", "show the changes without making them")
    .action(async ({ tunnelId, configurationFile, dryRun, ...relay }: UpdateOptions) => {
      const file = await readServicesFile(configurationFile);
      const client = await adminClient(relay);
      const current = await currentFile(client, tunnelId);
      const difference = servicesDifference(current.file, file);
      print(difference.length === 0 ? "The file changes nothing." : difference.join("\n"));
      if (dryRun || difference.length === 0) return;
      const etag = await replaceFile(client, tunnelId, file, current.etag);
      print(`Active from the next request on, as version ${etag.replaceAll('"', "")}.`);
    });
}

interface Version {
  version: number;
  at: string;
  actor: string | null;
  rolledBackTo: number | null;
  changes: string[] | null;
  moreChanges: number;
}

function versionsCommand(): Command {
  return command("versions", "list earlier services files, newest first, and what each changed", [
    "culvert tunnel services versions --tunnel-id tnl_abcdefghij234567abcd",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, json, ...relay }: RelayOptions & { tunnelId: string; json?: boolean }) => {
      const client = await adminClient(relay);
      const versions = await client.list<Version>(`${tunnelPath(tunnelId)}/services/versions`, Infinity, {
        missing: noTunnel(tunnelId),
        pageSize: 20,
      });
      if (json) return printJson(versions);
      print(versions.length === 0 ? "(none: no file was stored yet)" : versions.map(versionText).join("\n"));
    });
}

function versionText({ version, at, actor, rolledBackTo, changes, moreChanges }: Version): string {
  const back = rolledBackTo === null ? "" : `, back to version ${rolledBackTo}`;
  const lines = changes ?? ["(the version before it was deleted)"];
  const more = moreChanges > 0 ? [`and ${moreChanges} more`] : [];
  const heading = `Version ${version}  ${shortTime(at)}  ${actor ?? "-"}${back}`;
  return [heading, ...[...lines, ...more].map((line) => `  ${line}`)].map(printable).join("\n");
}

interface RollbackOptions extends RelayOptions {
  tunnelId: string;
  to?: number;
  dryRun?: boolean;
}

function rollbackCommand(): Command {
  return command("rollback", "activate an earlier services file again, as a new version", [
    "culvert tunnel services rollback --tunnel-id tnl_abcdefghij234567abcd           # undoes the last change",
    "culvert tunnel services rollback --tunnel-id tnl_abcdefghij234567abcd --to 7",
    "culvert tunnel services rollback --tunnel-id tnl_abcdefghij234567abcd --dry-run",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option(
      "--to <version>",
      'the version, as "versions" lists it (default: the previous one)',
      versionNumber,
    )
    .option("--dry-run", "show the changes without making them")
    .action(async ({ tunnelId, to, dryRun, ...relay }: RollbackOptions) => {
      const client = await adminClient(relay);
      const current = await currentFile(client, tunnelId);
      const version = Number(current.etag.replaceAll('"', ""));
      const target = to ?? version - 1;
      if (target < 0)
        throw new CommandError("failed", "There is no earlier version: no file was stored yet.");
      const earlier = await client.get<ServicesFile>(`${filePath(tunnelId)}?version=${target}`, {
        missing: `There is no version ${target}, or it was deleted.`,
      });
      const difference = servicesDifference(current.file, earlier);
      print(
        difference.length === 0
          ? `Version ${target} is the same as the active one.`
          : difference.map(printable).join("\n"),
      );
      if (dryRun || difference.length === 0) return;
      const path = `${tunnelPath(tunnelId)}/services/rollback`;
      const body = { version: target };
      const done = await ifUnchanged(() =>
        client.request<{ version: number }>("POST", path, { body, headers: { "if-match": current.etag } }),
      );
      print(
        `The file of version ${target} is active from the next request on, as version ${done.body.version}.`,
      );
    });
}

function versionNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a version number.");
  return Number(text);
}

async function currentFile(
  client: AdminClient,
  tunnelId: string,
): Promise<{ file: ServicesFile; etag: string }> {
  const { body, headers } = await client.request<ServicesFile>("GET", filePath(tunnelId), {
    missing: noTunnel(tunnelId),
  });
  return { file: body, etag: headers.get("etag") ?? "" };
}

/** Replaces only the version whose difference was shown (If-Match). Returns the new version's ETag. */
async function replaceFile(
  client: AdminClient,
  tunnelId: string,
  file: ServicesFile,
  etag: string,
): Promise<string> {
  const { headers } = await ifUnchanged(() =>
    client.request("PUT", filePath(tunnelId), {
      body: file,
      headers: { "if-match": etag },
      missing: noTunnel(tunnelId),
    }),
  );
  return headers.get("etag") ?? "";
}

async function ifUnchanged<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (thrown) {
    if (!(thrown instanceof RefusedError && thrown.code === "PRECONDITION_FAILED")) throw thrown;
    throw new CommandError(
      "failed",
      "Nothing was changed: somebody else has replaced the services file in the meantime.\n" +
        "Run the command again to see the difference from their version.",
      { cause: thrown },
    );
  }
}

function filePath(tunnelId: string): string {
  return `${tunnelPath(tunnelId)}/services-configuration`;
}
