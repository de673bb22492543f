import { Command, Option } from "commander";
import type { LogDestinationKind } from "../../shared/events/log-destination.ts";
import { command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit-code.ts";
import { headersField, secretField, type SecretOptions } from "./log-destination-secrets.ts";
import { print, printable, printJson, shortTime, table } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

const KINDS: readonly LogDestinationKind[] = ["otlp", "datadog", "splunk", "loki", "webhook"];

interface ReadOptions extends RelayOptions {
  json?: boolean;
}

interface IdOptions extends ReadOptions {
  destinationId: string;
}

interface SettingOptions extends SecretOptions {
  name?: string;
  url?: string;
  events?: string;
  tag?: string[];
  index?: string;
  tenant?: string;
  username?: string;
  label?: string[];
}

interface Destination {
  id: string;
  name: string;
  kind: LogDestinationKind;
  url: string;
  events: string;
  secrets: string[];
  createdAt: string;
  updatedAt: string;
  delivery: {
    shipped: number;
    lost: number;
    rejected: number;
    backlog: number;
    lastSuccessAt: string | null;
    lastError: { at: string; reason: string; tunnel: string } | null;
  };
}

interface TestResult {
  ok: boolean;
  status: number | null;
  reason: string;
  answer: string;
}

export function logDestinationCommand(): Command {
  return new Command("log-destination")
    .description("send an event for every request to log services")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(describeCommand())
    .addCommand(updateCommand())
    .addCommand(deleteCommand())
    .addCommand(testCommand());
}

function createCommand(): Command {
  const create = command("create", "add a log service, which gets every request's event from now on", [
    "culvert log-destination create --kind otlp --name collector --url https://otel.example.com",
    "CULVERT_LOG_SECRET=… culvert log-destination create --kind datadog --name datadog --url https://http-intake.logs.datadoghq.eu",
    "culvert log-destination create --kind splunk --name splunk --url https://splunk.example.com:8088 --secret-file token.txt",
    "culvert log-destination create --kind webhook --name audit --url https://example.com/logs --headers-file headers.txt --events failures",
  ])
    .addOption(new Option("--kind <kind>", "the service").choices(KINDS).makeOptionMandatory())
    .requiredOption("--name <name>", "a name for people")
    .requiredOption("--url <url>", "its address; without a path, its kind's usual path");
  return settings(create)
    .option("--json", "print JSON")
    .action(async ({ json, ...options }: ReadOptions & SettingOptions & { kind: LogDestinationKind }) => {
      const { kind, name, url } = options;
      const secrets = { ...(await secretField(kind, options, true)), ...(await headersField(options)) };
      const client = await adminClient(options);
      const body = { kind, name, url, ...settingsOf(options), ...secrets };
      const created = await client.post<Destination>("/log-destinations", body);
      if (json) return printJson(created);
      const id = printable(created.id);
      print(`Id   ${id}\nTry it with: culvert log-destination test --destination-id ${id}`);
    });
}

function listCommand(): Command {
  return command("list", "list the destinations and how delivery to each one goes", [
    "culvert log-destination list",
  ])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: ReadOptions) => {
      const client = await adminClient(relay);
      const { items } = await client.get<{ items: Destination[] }>("/log-destinations");
      if (json) return printJson(items);
      print(
        table(
          ["ID", "NAME", "KIND", "SHIPPED", "WAITING", "LOST", "REJECTED", "LAST ERROR"],
          items.map(({ id, name, kind, delivery: { shipped, backlog, lost, rejected, lastError } }) => [
            ...[id, name, kind, shipped, backlog, lost, rejected],
            lastError?.reason ?? null,
          ]),
        ),
      );
    });
}

function describeCommand(): Command {
  return command("describe", "show a destination's settings and how delivery goes", [
    "culvert log-destination describe --destination-id dst_abcdefghij23",
  ])
    .requiredOption("--destination-id <id>", "the destination")
    .option("--json", "print JSON")
    .action(async ({ destinationId, json, ...relay }: IdOptions) => {
      const client = await adminClient(relay);
      const destination = await client.get<Destination>(pathOf(destinationId), missing(destinationId));
      if (json) return printJson(destination);
      print(describe(destination));
    });
}

function updateCommand(): Command {
  const update = command("update", "change a destination; settings that you do not give stay, secrets too", [
    "culvert log-destination update --destination-id dst_abcdefghij23 --events failures",
    "culvert log-destination update --destination-id dst_abcdefghij23 --secret-file new-token.txt",
  ])
    .requiredOption("--destination-id <id>", "the destination")
    .option("--name <name>", "a name for people")
    .option("--url <url>", "its address; a new host needs its secrets again");
  return settings(update)
    .option("--json", "print JSON")
    .action(async ({ destinationId, json, ...options }: IdOptions & SettingOptions) => {
      const client = await adminClient(options);
      const path = pathOf(destinationId);
      const current = settingsIn(await client.get<Destination>(path, missing(destinationId)));
      const secrets = {
        ...(await secretField(current.kind, options, false)),
        ...(await headersField(options)),
      };
      const body = {
        ...current,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.url === undefined ? {} : { url: options.url }),
        ...settingsOf(options),
        ...secrets,
      };
      const { body: updated } = await client.request<Destination>("PUT", path, {
        body,
        ...missing(destinationId),
      });
      if (json) return printJson(updated);
      print(`Changed ${printable(updated.id)}.`);
    });
}

function deleteCommand(): Command {
  return command("delete", "delete a destination and the events that wait for it", [
    "culvert log-destination delete --destination-id dst_abcdefghij23",
  ])
    .requiredOption("--destination-id <id>", "the destination")
    .option("--yes", "do not ask")
    .action(async ({ destinationId, yes = false, ...relay }: IdOptions & { yes?: boolean }) => {
      const client = await adminClient(relay);
      await confirm(`Delete log destination ${destinationId}? What waits for it is dropped.`, yes);
      await client.delete(pathOf(destinationId), missing(destinationId).missing);
      print(`Deleted ${destinationId}.`);
    });
}

function testCommand(): Command {
  return command("test", "send one test event now and print the service's answer", [
    "culvert log-destination test --destination-id dst_abcdefghij23",
  ])
    .requiredOption("--destination-id <id>", "the destination")
    .option("--json", "print JSON")
    .action(async ({ destinationId, json, ...relay }: IdOptions) => {
      const client = await adminClient(relay);
      const result = await client.post<TestResult>(
        `${pathOf(destinationId)}/test`,
        {},
        missing(destinationId).missing,
      );
      if (json) printJson(result);
      const answer = result.answer === "" ? "" : `: ${printable(result.answer)}`;
      if (!result.ok) throw new CommandError("failed", `It ${verb(result.reason)}${answer}`);
      if (!json) print(`It answered ${result.status}${answer}`);
    });
}

function settings(create: Command): Command {
  return create
    .addOption(
      new Option(
        "--events <which>",
        "all, or failures: refused, failed, broken off, or answered with 5xx",
      ).choices(["all", "failures"]),
    )
    .option(
      "--secret-file <file>",
      "file with the API key or token (default: CULVERT_LOG_SECRET, else a prompt)",
    )
    .option("--headers-file <file>", 'file with header fields to send, one "Name: value" per line')
    .option("--tag <tag...>", "datadog: tags to add, such as team:edge")
    .option("--index <index>", "splunk: the index")
    .option("--tenant <id>", "loki: the tenant (X-Scope-OrgID)")
    .option("--username <name>", "loki: for basic authentication; the secret is then the password")
    .option("--label <name=value...>", "loki: labels to add");
}

/** The settings in the API's form. An option that was not given is absent, so that an update leaves its setting alone. */
function settingsOf({
  events,
  tag,
  index,
  tenant,
  username,
  label,
}: SettingOptions): Record<string, unknown> {
  const given = { events, tags: tag, index, tenant, username, labels: label && labelsOf(label) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function labelsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new CommandError("usage", '--label must be name=value, such as "cluster=eu"');
      }
      return [name, value];
    }),
  );
}

function describe(destination: Destination): string {
  const { id, secrets, createdAt, updatedAt, delivery } = destination;
  const { name, kind, url, events, ...rest } = settingsIn(destination);
  const { shipped, backlog, lost, rejected, lastSuccessAt, lastError } = delivery;
  const more = Object.entries(rest).map(([key, value]) => `${key.padEnd(10)}${JSON.stringify(value)}`);
  const error = lastError && `${shortTime(lastError.at)} ${lastError.reason} (${lastError.tunnel})`;
  return [
    `Name      ${name}`,
    `Id        ${id}`,
    `Kind      ${kind}`,
    `Url       ${url}`,
    `Events    ${events}`,
    ...more,
    `Secrets   ${secrets.length === 0 ? "(none)" : secrets.join(", ")}`,
    `Created   ${shortTime(createdAt)}, changed ${shortTime(updatedAt)}`,
    `Shipped   ${shipped}, waiting ${backlog}, lost ${lost}, rejected ${rejected}`,
    `Success   ${shortTime(lastSuccessAt) ?? "-"}`,
    `Error     ${error ?? "-"}`,
  ]
    .map(printable)
    .join("\n");
}

/** The settings alone, without the fields that the relay adds. */
function settingsIn(destination: Destination) {
  const { id: _, secrets: __, createdAt: ___, updatedAt: ____, delivery: _____, ...settings } = destination;
  return settings;
}

/** Puts a reason into "It …": "It answered 401", "It rejected the event", "It failed: no answer within 15 s". */
function verb(reason: string): string {
  return /^(?:answered|rejected)/.test(reason) ? reason : `failed: ${reason}`;
}

function pathOf(destinationId: string): string {
  return `/log-destinations/${encodeURIComponent(destinationId)}`;
}

function missing(destinationId: string): { missing: string } {
  return { missing: `There is no log destination ${destinationId}.` };
}
