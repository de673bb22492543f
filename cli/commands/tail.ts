import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import type { TailMessage } from "../../shared/events/tail.ts";
import { terminalJson } from "../../shared/terminal/terminal-text.ts";
import { command } from "../command.ts";
import { eventLine } from "../event-line.ts";
import { CommandError } from "../exit-code.ts";
import { note } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { type TailObjectsOptions, watchObjects } from "../tail-objects.ts";
import type { TunnelObject } from "./objects/tunnel-objects.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

const FILTERS = ["service", "status", "code", "method", "path"] as const;

interface TailOptions extends RelayOptions, Partial<Record<(typeof FILTERS)[number], string>> {
  tunnelId: string;
  count?: number;
  json?: boolean;
}

export function tailCommand(): Command {
  return command("tail", "show a tunnel's requests as they finish, until Ctrl-C", [
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --status 5xx --service payments-api-prod",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --code any   # what the tunnel itself refused or failed",
    "culvert tail --tunnel-id tnl_abcdefghij234567abcd --json | jq 'select(.durationMs > 1000)'",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--service <name>", "only this service")
    .option("--status <status>", "only this status, or class: 404, 5xx")
    .option("--code <code>", 'only this code, such as CONNECTOR_LOST; "any" for all failures')
    .option("--method <method>", "only this method")
    .option("--path <path>", 'only paths that begin with this; "*" matches any characters')
    .option("--count <n>", "stop after this many requests", positive)
    .option("--json", "print one JSON object per line, with every field")
    .action(async (options: TailOptions) => {
      const client = await adminClient(options);
      const query = new URLSearchParams();
      for (const name of FILTERS) if (options[name] !== undefined) query.set(name, options[name]);
      const path = tunnelPath(options.tunnelId);
      const missing = noTunnel(options.tunnelId);
      await tail(options, {
        relay: client.relay,
        list: async () => {
          const { objects = [] } = await client
            .get<{ objects?: TunnelObject[] }>(path, { missing })
            .catch((thrown: unknown) => Promise.reject(asWatcher(thrown)));
          if (objects.length === 0) return [null];
          // Leaves out objects that carry no requests yet: connectors are still attaching, or nobody has called them.
          return objects
            .filter(({ phase, exists = true }) => phase !== "attaching" && exists)
            .map(({ name }) => name);
        },
        target: (object) => {
          const asked = new URLSearchParams(query);
          if (object !== null) asked.set("object", object);
          const text = asked.toString();
          return client.tailTarget(text === "" ? `${path}/tail` : `${path}/tail?${text}`, missing);
        },
      });
    });
}

type Tunnel = Pick<TailObjectsOptions, "list" | "target"> & { relay: string };

/**
 * Shows requests until a signal comes. After a lost connection it connects again and says that it missed what happened in
 * between.
 */
async function tail(
  { json = false, count = Infinity }: TailOptions,
  { relay, list, target }: Tunnel,
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  let left = count;
  let objects = 1;
  const show = async (object: string | null, { events, dropped }: TailMessage): Promise<void> => {
    if (ended.signal.aborted) return;
    if (dropped > 0) note(`${dropped} requests are not shown: this terminal did not keep up.`);
    const shown = events.slice(0, left);
    left -= shown.length;
    const lines = shown.map((event) => {
      if (json) return terminalJson(object === null ? event : { ...event, object });
      return eventLine(event, objects > 1 ? object : null);
    });
    const text = lines.map((line) => `${line}\n`).join("");
    // Waits for the output to drain. A slow reader thereby slows down the relay, which then drops events and counts them.
    if (text !== "" && !process.stdout.write(text)) await untilDrained(ended.signal);
    if (left === 0) end();
  };
  if (!json) note("Waiting for requests; press Ctrl-C to stop.");
  await watchObjects({
    list: async () => {
      const names = await list();
      objects = names.length;
      return names;
    },
    target,
    onMessage: show,
    onLost: () => note(`The relay at ${relay} does not answer. Connecting again.`),
    signal: ended.signal,
  });
}

/** Replaces a refusal by the message that a refused watcher gets. */
function asWatcher(thrown: unknown): unknown {
  return thrown instanceof CommandError && thrown.failure === "notAuthorised"
    ? new CommandError("notAuthorised", "The relay does not accept this key.")
    : thrown;
}

function untilDrained(signal: AbortSignal): Promise<unknown> {
  return once(process.stdout, "drain", { signal }).catch(() => {});
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a number from 1.");
  return Number(text);
}
