import { Command, Option } from "commander";
import { ALERT_KINDS, type AlertKind } from "../../shared/signals/alert.ts";
import { command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit-code.ts";
import { headersField } from "./log-destination-secrets.ts";
import { print, printJson, shortTime, table } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

interface ReadOptions extends RelayOptions {
  json?: boolean;
}

interface IdOptions extends ReadOptions {
  alertId: string;
}

interface CreateOptions extends ReadOptions {
  name: string;
  url?: string;
  format: string;
  kind?: AlertKind[];
  headersFile?: string;
}

interface Alert {
  id: string;
  name: string;
  url: string;
  format: string;
  kinds: AlertKind[];
  lastSentAt: string | null;
  lastError: { at: string; reason: string } | null;
}

interface Alerts {
  items: Alert[];
  firing: {
    kind: AlertKind;
    subject: string | null;
    tunnel: string | null;
    summary: string;
    since: string;
  }[];
}

export function alertCommand(): Command {
  return new Command("alert")
    .description("tell webhooks when something goes wrong, and when it is over")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(testCommand())
    .addCommand(deleteCommand());
}

function createCommand(): Command {
  return command("create", "add a webhook, which gets every alert from now on", [
    "culvert alert create --name on-call --url https://alerts.example.com/culvert --headers-file headers.txt",
    "CULVERT_ALERT_URL=https://hooks.slack.com/services/… culvert alert create --name slack --format slack",
  ])
    .requiredOption("--name <name>", "a name for people")
    .option("--url <url>", "the webhook's URL (or CULVERT_ALERT_URL, if it contains a secret)")
    .addOption(
      new Option(
        "--format <format>",
        "format of an alert: slack for incoming webhooks of Slack and Mattermost",
      )
        .choices(["json", "slack"])
        .default("json"),
    )
    .addOption(new Option("--kind <kind...>", "which alerts to send (default: all)").choices(ALERT_KINDS))
    .option("--headers-file <file>", 'file with header fields to send, one "Name: value" per line')
    .option("--json", "print JSON")
    .action(async ({ json, name, url, format, kind, headersFile, ...relay }: CreateOptions) => {
      const address = url ?? process.env["CULVERT_ALERT_URL"] ?? "";
      if (address === "")
        throw new CommandError("usage", "The webhook's URL is missing: --url or CULVERT_ALERT_URL.");
      const headers = await headersField(headersFile === undefined ? {} : { headersFile });
      const client = await adminClient(relay);
      const body = { name, url: address, format, ...(kind === undefined ? {} : { kinds: kind }), ...headers };
      const created = await client.post<Alert>("/alerts", body);
      if (json) return printJson(created);
      print(`Id   ${created.id}\nTry it with: culvert alert test --alert-id ${created.id}`);
    });
}

function listCommand(): Command {
  return command("list", "list the webhooks and the current alerts", ["culvert alert list"])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: ReadOptions) => {
      const client = await adminClient(relay);
      const { items, firing } = await client.get<Alerts>("/alerts");
      if (json) return printJson({ items, firing });
      print(
        table(
          ["ID", "NAME", "FORMAT", "KINDS", "LAST SENT", "LAST ERROR"],
          items.map(({ id, name, format, kinds, lastSentAt, lastError }) => [
            ...[id, name, format, kinds.length === ALERT_KINDS.length ? "all" : kinds.join(" ")],
            ...[shortTime(lastSentAt), lastError?.reason ?? null],
          ]),
        ),
      );
      if (firing.length === 0) return print("\nNothing is wrong.");
      print(
        `\n${table(
          ["SINCE", "KIND", "WHAT"],
          firing.map(({ since, kind, summary }) => [shortTime(since), kind, summary]),
        )}`,
      );
    });
}

function testCommand(): Command {
  return command("test", "send one test alert now and print the webhook's answer", [
    "culvert alert test --alert-id alr_abcdefghij23",
  ])
    .requiredOption("--alert-id <id>", "the webhook")
    .option("--json", "print JSON")
    .action(async ({ alertId, json, ...relay }: IdOptions) => {
      const client = await adminClient(relay);
      const result = await client.post<{ ok: boolean; status: number | null; reason: string }>(
        `${pathOf(alertId)}/test`,
        {},
        missing(alertId),
      );
      if (json) printJson(result);
      const { ok, status, reason } = result;
      if (!ok)
        throw new CommandError(
          "failed",
          `It ${reason.startsWith("answered") ? reason : `failed: ${reason}`}`,
        );
      if (!json) print(`It answered ${status}`);
    });
}

function deleteCommand(): Command {
  return command("delete", "delete a webhook and the alerts that wait for it", [
    "culvert alert delete --alert-id alr_abcdefghij23",
  ])
    .requiredOption("--alert-id <id>", "the webhook")
    .option("--yes", "do not ask")
    .action(async ({ alertId, yes = false, ...relay }: IdOptions & { yes?: boolean }) => {
      const client = await adminClient(relay);
      await confirm(`Delete the alert ${alertId}? What waits for it is dropped.`, yes);
      await client.delete(pathOf(alertId), missing(alertId));
      print(`Deleted ${alertId}.`);
    });
}

function pathOf(alertId: string): string {
  return `/alerts/${encodeURIComponent(alertId)}`;
}

function missing(alertId: string): string {
  return `There is no alert ${alertId}.`;
}
