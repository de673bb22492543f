import { type Command, InvalidArgumentError } from "commander";
import { parseDurationMs } from "../../../shared/time/duration.ts";
import { command } from "../../command.ts";
import { CommandError } from "../../exit-code.ts";
import { print, printJson, table } from "../../output.ts";
import { adminClient, type RelayOptions } from "../../settings.ts";
import { noTunnel, tunnelPath } from "../../tunnel-path.ts";

/** One of the Durable Objects that carry a tunnel, as the relay describes it. */
export interface TunnelObject {
  name: string;
  location: string | null;
  phase: string;
  /** Older relays do not send it. */
  answering?: boolean;
  exists?: boolean;
  connections: number;
  requestsPerSecond: number;
  dataCentres: string[];
  roundTripMs: number | null;
  /** The build that the object runs. Relays of version 0.1 do not send it. */
  build?: string | null;
}

interface ChangeOptions extends RelayOptions {
  tunnelId: string;
  drain?: number;
  json?: boolean;
}

interface ScaleOptions extends ChangeOptions {
  objects?: number;
  min?: number;
  max?: number;
}

export const LOCATIONS_HELP = "wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr or me";
/** A value of the API: each object is created near the first connector that asks for it. */
const ANYWHERE = "anywhere";

export function scaleCommand(): Command {
  return changeCommand("scale", "set how many objects may carry a tunnel; more objects take more load", [
    "culvert tunnel scale --tunnel-id tnl_abcdefghij234567abcd --objects 4          # four, whatever the load",
    "culvert tunnel scale --tunnel-id tnl_abcdefghij234567abcd --min 1 --max 32     # as many as the load wants",
  ])
    .option("--objects <n>", "exactly this many", count)
    .option("--min <n>", "at least this many", count)
    .option("--max <n>", "at most this many", count)
    .action(async ({ objects, min, max, ...options }: ScaleOptions) => {
      if (objects !== undefined && (min !== undefined || max !== undefined))
        throw new CommandError("usage", "--objects sets both: leave out --min and --max");
      if (objects === undefined && min === undefined && max === undefined)
        throw new CommandError("usage", "give --objects, --min or --max");
      await change(options, {
        objects: objects === undefined ? { min, max } : { min: objects, max: objects },
      });
    });
}

export function moveCommand(): Command {
  return changeCommand(
    "move",
    "move a tunnel to another place: new objects there take over from the old ones",
    [
      "culvert tunnel move --tunnel-id tnl_abcdefghij234567abcd --location weur",
      "culvert tunnel move --tunnel-id tnl_abcdefghij234567abcd --location weur --drain 1h   # WebSockets may go on for so long",
    ],
  )
    .requiredOption(
      "--location <place>",
      `${LOCATIONS_HELP}; or ${ANYWHERE}: new objects begin near connectors`,
    )
    .action(async ({ location, ...options }: ChangeOptions & { location: string }) => {
      await change(options, { location: location === ANYWHERE ? null : location });
    });
}

export function objectsTable(objects: readonly TunnelObject[]): string {
  return table(
    ["OBJECT", "PHASE", "WANTED IN", "CONNECTORS AT", "CONNECTIONS", "REQUESTS/S", "ROUND TRIP", "BUILD"],
    objects.map(({ name, phase, location, dataCentres, roundTripMs, ...object }) => [
      ...[name, phase, location, dataCentres.length === 0 ? null : dataCentres.join(" ")],
      ...(object.answering === false
        ? [null, null, "no answer"]
        : [
            ...[object.connections, object.requestsPerSecond.toFixed(1)],
            roundTripMs === null ? null : `${roundTripMs} ms`,
          ]),
      object.build ?? null,
    ]),
  );
}

function changeCommand(name: string, description: string, examples: readonly string[]): Command {
  return command(name, description, examples)
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option(
      "--drain <time>",
      "how long requests on removed objects may take to finish, such as 10m; also applies to later changes",
      seconds,
    )
    .option("--json", "print JSON");
}

async function change({ tunnelId, drain, json, ...relay }: ChangeOptions, body: object): Promise<void> {
  const client = await adminClient(relay);
  const { body: tunnel } = await client.request<{ objects: TunnelObject[] }>("PATCH", tunnelPath(tunnelId), {
    body: drain === undefined ? body : { ...body, drainSeconds: drain },
    missing: noTunnel(tunnelId),
  });
  if (json) return printJson(tunnel);
  print(objectsTable(tunnel.objects));
}

function count(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError("It must be a number from 1 to 32.");
  return Number(text);
}

function seconds(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === null) throw new InvalidArgumentError('It must be a time such as "30s" or "10m".');
  return Math.ceil(durationMs / 1_000);
}
