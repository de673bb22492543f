import type { Command } from "commander";
import { command } from "../command.ts";
import { print, printable } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";
import { noTunnel, tunnelPath } from "../tunnel-path.ts";

export function renameCommand(): Command {
  return command("rename", "rename a tunnel; its id, tokens and services stay", [
    "culvert tunnel rename --tunnel-id tnl_abcdefghij234567abcd --tunnel-name payments-eu",
  ])
    .requiredOption("--tunnel-id <id>", "the tunnel")
    .requiredOption("--tunnel-name <name>", "its new name")
    .action(
      async ({
        tunnelId,
        tunnelName,
        ...relay
      }: RelayOptions & Record<"tunnelId" | "tunnelName", string>) => {
        const client = await adminClient(relay);
        const { body } = await client.request<{ id: string; name: string }>("PATCH", tunnelPath(tunnelId), {
          body: { name: tunnelName },
          missing: noTunnel(tunnelId),
        });
        print(printable(`${body.id} is now called ${body.name}.`));
      },
    );
}
