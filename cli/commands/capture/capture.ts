import { Command, InvalidArgumentError } from "commander";
import { MAX_CAPTURE_SECONDS, type CapturedRequest } from "../../../shared/capture/captured-request.ts";
import { parseDurationMs } from "../../../shared/time/duration.ts";
import { command } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { print, printable, printJson, shortTime, table } from "../../output.ts";
import { adminClient, type RelayOptions } from "../../settings.ts";
import { noTunnel, tunnelPath } from "../../tunnel-path.ts";
import { capturedText } from "./captured-text.ts";

interface TunnelOptions extends RelayOptions {
  tunnelId: string;
  json?: boolean;
}

interface CaptureOptions extends TunnelOptions {
  captureId: string;
  yes?: boolean;
}

interface StartOptions extends TunnelOptions {
  service: string;
  for: number;
  requests: number;
}

interface Capture {
  id: string;
  service: string;
  state: string;
  startedBy: string;
  startedAt: string;
  endsAt: string;
  maxRequests: number;
  requests: number;
}

const TUNNEL = "culvert capture list --tunnel-id tnl_abcdefghij234567abcd";
const CAPTURE = "--tunnel-id tnl_abcdefghij234567abcd --capture-id cap_abcdefghij23";
/** The most that the API returns in one page. */
const PAGE = 20;

export function captureCommand(): Command {
  return new Command("capture")
    .description("record requests and responses of a service: header fields and the beginning of bodies")
    .addCommand(startCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(stopCommand())
    .addCommand(deleteCommand());
}

function startCommand(): Command {
  return command(
    "start",
    "capture the next requests of a service; needs the role admin, and is in the audit log",
    [
      "culvert capture start --tunnel-id tnl_abcdefghij234567abcd --service payments-api-prod",
      "culvert capture start --tunnel-id tnl_abcdefghij234567abcd --service payments-api-prod --for 30m --requests 100",
    ],
  )
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--service <name>", "the service, or a host of the tunnel's networks")
    .option("--for <time>", "how long to capture, at most an hour", seconds, 600)
    .option("--requests <n>", "stop after this many requests, at most 100", count, 20)
    .option("--json", "print JSON")
    .action(async ({ tunnelId, service, for: duration, requests, json, ...relay }: StartOptions) => {
      const client = await adminClient(relay);
      const wish = { service, seconds: duration, maxRequests: requests };
      const capture = await client.post<Capture>(pathOf(tunnelId), wish, noTunnel(tunnelId));
      if (json) return printJson(capture);
      print(`Id     ${capture.id}
Until  ${printable(shortTime(capture.endsAt) ?? "")}, or ${capture.maxRequests} requests
See    culvert capture show --tunnel-id ${tunnelId} --capture-id ${capture.id}`);
    });
}

function listCommand(): Command {
  return command("list", "list captures that run now or ran within the last day", [TUNNEL])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, json, ...relay }: TunnelOptions) => {
      const client = await adminClient(relay);
      const { items } = await client.get<{ items: Capture[] }>(pathOf(tunnelId), {
        missing: noTunnel(tunnelId),
      });
      if (json) return printJson(items);
      print(
        table(
          ["ID", "SERVICE", "STATE", "REQUESTS", "STARTED", "ENDS", "BY"],
          items.map(({ id, service, state, requests, maxRequests, startedAt, endsAt, startedBy }) => [
            ...[id, service, state, `${requests} of ${maxRequests}`],
            ...[shortTime(startedAt), shortTime(endsAt), startedBy],
          ]),
        ),
      );
    });
}

function showCommand(): Command {
  return command("show", "show captured requests; the audit log says who looked", [
    `culvert capture show ${CAPTURE}`,
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--capture-id <id>", "the capture")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, captureId, json, ...relay }: CaptureOptions) => {
      const client = await adminClient(relay);
      const found: CapturedRequest[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === "" ? {} : { cursor }) });
        const page: { items: CapturedRequest[]; nextCursor: string | null } = await client.get(
          `${pathOf(tunnelId, captureId)}/requests?${query.toString()}`,
          { missing: missing(tunnelId, captureId) },
        );
        found.push(...page.items);
        cursor = page.nextCursor;
      }
      if (json) return printJson(found);
      if (found.length === 0) return print("(none)");
      print(
        found
          .map((one) => {
            const { time, requestId, project, environment } = one;
            const heading = `${shortTime(time) ?? ""}  ${requestId}  ${project} in ${environment}`;
            return `${printable(heading)}\n${capturedText(one)}`;
          })
          .join("\n\n"),
      );
    });
}

function stopCommand(): Command {
  return command("stop", "stop a capture and keep its requests for a day", [
    `culvert capture stop ${CAPTURE}`,
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--capture-id <id>", "the capture")
    .option("--json", "print JSON")
    .action(async ({ tunnelId, captureId, json, ...relay }: CaptureOptions) => {
      const client = await adminClient(relay);
      const path = `${pathOf(tunnelId, captureId)}/stop`;
      const capture = await client.post<Capture>(path, {}, missing(tunnelId, captureId));
      if (json) return printJson(capture);
      print(`Stopped ${capture.id}.`);
    });
}

function deleteCommand(): Command {
  return command("delete", "stop a capture and delete its requests", [`culvert capture delete ${CAPTURE}`])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--capture-id <id>", "the capture")
    .option("--yes", "do not ask")
    .action(async ({ tunnelId, captureId, yes = false, ...relay }: CaptureOptions) => {
      const client = await adminClient(relay);
      await confirm(`Delete the requests that ${captureId} has captured?`, yes);
      await client.delete(pathOf(tunnelId, captureId), missing(tunnelId, captureId));
      print(`Deleted ${captureId}.`);
    });
}

function pathOf(tunnelId: string, captureId?: string): string {
  const all = `${tunnelPath(tunnelId)}/captures`;
  return captureId === undefined ? all : `${all}/${encodeURIComponent(captureId)}`;
}

function missing(tunnelId: string, captureId: string): string {
  return `Tunnel ${tunnelId} has no capture ${captureId}, or it ended more than a day ago.`;
}

function seconds(text: string): number {
  const durationMs = parseDurationMs(text) ?? 0;
  const value = Math.round(durationMs / 1_000);
  if (value < 1 || value > MAX_CAPTURE_SECONDS)
    throw new InvalidArgumentError("It must be a time such as 90s or 30m, at most an hour.");
  return value;
}

function count(text: string): number {
  if (!/^(?:[1-9]\d?|100)$/.test(text)) throw new InvalidArgumentError("It must be a number from 1 to 100.");
  return Number(text);
}
