import type { Command } from "commander";
import { command } from "../command.ts";
import { CommandError } from "../exit-code.ts";
import { print, printJson, shortTime, table } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

type Facts = Readonly<Record<string, string | number | null>> | null;

interface Entry {
  at: string;
  actor: string;
  /** Relays of version 0.1 do not send it. */
  actorName?: string | null;
  address: string;
  action: string;
  target: string;
  before: Facts;
  after: Facts;
}

export function auditLogCommand(): Command {
  return command("audit-log", "show who changed what, when and from where, newest first", [
    "culvert audit-log",
    "culvert audit-log --limit 1000 --json",
  ])
    .option("--limit <n>", "how many entries to show", "50")
    .option("--json", "print JSON")
    .action(async ({ limit, json, ...relay }: RelayOptions & { limit: string; json?: boolean }) => {
      if (!/^[1-9]\d{0,5}$/.test(limit))
        throw new CommandError("usage", "--limit must be a number from 1 to 999999");
      const client = await adminClient(relay);
      const entries = await client.list<Entry>("/audit-log", Number(limit));
      if (json) return printJson(entries);
      print(
        table(
          ["WHEN", "WHO", "FROM", "WHAT", "OF", "BEFORE", "AFTER"],
          entries.map(({ at, actor, actorName, address, action, target, before, after }) => [
            shortTime(at),
            (actorName ?? null) === null ? actor : `${actorName} (${actor})`,
            address || null,
            action,
            target,
            facts(before),
            facts(after),
          ]),
        ),
      );
    });
}

function facts(of: Facts): string | null {
  return (
    of &&
    Object.entries(of)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")
  );
}
