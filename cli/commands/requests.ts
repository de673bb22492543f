import { type Command, InvalidArgumentError } from "commander";
import { parseDurationMs } from "../../shared/time/duration.ts";
import { remedyOf } from "../../shared/verdict/remedies.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import type { CapturedRequest } from "../../shared/capture/captured-request.ts";
import { type AdminClient, RefusedError } from "../admin-client.ts";
import { command } from "../command.ts";
import { capturedText } from "./capture/captured-text.ts";
import { eventLine } from "../event-line.ts";
import { print, printable, printJson, printPainted } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

/** The names of the filters in the API's query. */
const FILTERS = [
  ...["id", "traceId", "service", "caller", "status", "code", "method", "path", "connector", "outcome"],
  ...["minDurationMs", "since", "until"],
] as const;

interface RequestsOptions extends RelayOptions, Record<string, unknown> {
  tunnelId: string;
  limit: number;
  json?: boolean;
}

export function requestsCommand(): Command {
  return command("requests", "find requests of the last seven days, newest first", [
    "culvert requests --tunnel-id tnl_abcdefghij234567abcd --id 0190c0de-0000-4000-8000-000000000000",
    "culvert requests --tunnel-id tnl_abcdefghij234567abcd --since 30m --code any",
    "culvert requests --tunnel-id tnl_abcdefghij234567abcd --caller shop/production --min-duration 2s",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--id <id>", "the request with this id: culvert-request-id, or requestId in a log")
    .option("--trace-id <id>", "only this trace")
    .option("--service <name>", "only this service")
    .option("--caller <project>", "only only from this project, or project/environment")
    .option("--status <status>", "only this status, or class: 404, 5xx")
    .option("--code <code>", 'only this code, such as CONNECTOR_LOST; "any" for all failures')
    .option("--method <method>", "only this method")
    .option("--path <path>", 'only paths that begin with this; "*" matches any characters')
    .option("--connector <id>", "only requests that this connector served")
    .option("--outcome <outcome>", "only this outcome: answered, refused, failed, aborted, cancelled")
    .option("--min-duration <time>", "only requests that took this long or longer: 500ms, 2s", duration)
    .option(
      "--since <time>",
      "only since this time: 30m or 2h ago, or a time such as 2026-11-29T08:00:00Z",
      when,
    )
    .option("--until <time>", "only until this time", when)
    .option("--limit <n>", "how many to show", positive, 50)
    .option("--json", "print JSON, with every field")
    .action(async ({ minDuration: minDurationMs, ...given }: RequestsOptions) => {
      const client = await adminClient(given);
      const options: Record<string, unknown> = { ...given, minDurationMs };
      const query = new URLSearchParams();
      for (const name of FILTERS) {
        const value = options[name];
        if (typeof value === "string" || typeof value === "number") query.set(name, String(value));
      }
      const path = `${tunnelPath(given.tunnelId)}/requests`;
      const found = await client.list<RequestEvent>(path, given.limit, {
        query,
        missing: noTunnel(given.tunnelId),
      });
      const [one] = found;
      const captured =
        one === undefined || options["id"] === undefined ? null : await capture(client, given, one);
      if (given.json) return printJson(captured === null ? found : [{ ...one, capture: captured }]);
      if (found.length === 0) return print("(none)");
      printPainted(found.map(described).join("\n"));
      if (captured !== null) print(capturedText(captured));
    });
}

/** Null if the request was not captured, or if this key may not see captures. */
async function capture(
  client: AdminClient,
  { tunnelId }: RequestsOptions,
  { requestId }: RequestEvent,
): Promise<CapturedRequest | null> {
  const path = `${tunnelPath(tunnelId)}/requests/${encodeURIComponent(requestId)}/capture`;
  try {
    return await client.get<CapturedRequest>(path);
  } catch (thrown) {
    if (thrown instanceof RefusedError && ["NOT_FOUND", "FORBIDDEN"].includes(thrown.code)) return null;
    throw thrown;
  }
}

/** The event's line with its date and its request id, which further commands need. */
function described(event: RequestEvent): string {
  const line = `${printable(event.time.slice(0, 10))} ${eventLine(event)}  ${printable(event.requestId)}`;
  const why = [event.detail ?? "", remedyOf(event.code) ?? ""].filter((text) => text !== "");
  return [line, ...why.map((text) => `    ${printable(text)}`)].join("\n");
}

function when(text: string): string {
  const agoMs = parseDurationMs(text);
  const timeMs = agoMs === null ? Date.parse(text) : Date.now() - agoMs;
  if (Number.isNaN(timeMs))
    throw new InvalidArgumentError("It must be a time in ISO 8601, or how long ago: 30m, 2h.");
  return new Date(timeMs).toISOString();
}

function duration(text: string): number {
  const valueMs = parseDurationMs(text);
  if (valueMs === null) throw new InvalidArgumentError("It must be a time such as 500ms or 2s.");
  return valueMs;
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It must be a number from 1 to 99999.");
  return Number(text);
}
