import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { Backoff } from "../../shared/backoff.ts";
import type { TailMessage } from "../../shared/tail.ts";
import { terminalJson } from "../../shared/terminal/terminal-text.ts";
import { command } from "../command.ts";
import { eventLine } from "../event-line.ts";
import { note } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { type TailTarget, watchOnce } from "../tail-socket.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

const FILTERS = ["service", "status", "code", "method", "path"] as const;

interface TailOptions extends RelayOptions, Partial<Record<(typeof FILTERS)[number], string>> {
  tunnelId: string;
  count?: number;
  json?: boolean;
}

export function tailCommand(): Command {
  return command("tail", "show a tunnel's requests as they end, until Ctrl-C", [
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --status 5xx --service payments-api-prod",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --code any   # what the tunnel itself refused or failed",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --json | jq 'select(.durationMs > 1000)'",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--service <name>", "of this service alone")
    .option("--status <status>", "with this status, or of this class: 404, 5xx")
    .option("--code <code>", 'with this code, such as CONNECTOR_LOST; "any" for all failures')
    .option("--method <method>", "with this method")
    .option("--path <path>", 'whose path begins so; "*" stands for any characters')
    .option("--count <n>", "end after so many requests", positive)
    .option("--json", "one JSON object a line, with all that is known")
    .action(async (options: TailOptions) => {
      const client = await adminClient(options);
      const query = new URLSearchParams();
      for (const name of FILTERS) if (options[name] !== undefined) query.set(name, options[name]);
      const path = `${tunnelPath(options.tunnelId)}/tail`;
      const target = client.tailTarget(
        query.size === 0 ? path : `${path}?${query.toString()}`,
        noTunnel(options.tunnelId),
      );
      await tail(target, options);
    });
}

/** Comes back after a loss, and says so: what happened in between was not seen. */
async function tail(target: TailTarget, { json = false, count = Infinity }: TailOptions): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  const backoff = new Backoff(Math.random);
  let left = count;
  const show = async ({ events, dropped }: TailMessage): Promise<void> => {
    if (ended.signal.aborted) return;
    if (dropped > 0) note(`${dropped} requests are not shown: this end did not keep up.`);
    const shown = events.slice(0, left);
    left -= shown.length;
    const text = shown.map((event) => `${json ? terminalJson(event) : eventLine(event)}\n`).join("");
    // A reader that is slow holds the relay back, which then drops, and counts.
    if (text !== "" && !process.stdout.write(text)) await untilDrained(ended.signal);
    if (left === 0) end();
  };
  if (!json) note("Waiting for requests; Ctrl-C ends.");
  for (let isFirst = true; !ended.signal.aborted; isFirst = false) {
    const connectedMs = await watchOnce({ ...target, isPatient: !isFirst }, ended.signal, show);
    if (ended.signal.aborted) break;
    const delayMs = backoff.delayAfterLossMs(connectedMs);
    note(`The relay at ${target.relay} was lost, or is not to be reached. Trying again.`);
    await sleep(delayMs, undefined, { signal: ended.signal }).catch(() => {});
  }
}

function untilDrained(signal: AbortSignal): Promise<unknown> {
  return once(process.stdout, "drain", { signal }).catch(() => {});
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a number from 1.");
  return Number(text);
}
