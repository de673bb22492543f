import type { Command } from "commander";
import { command } from "../command.ts";
import { print, printable, printJson } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

interface ApiKey {
  kid: string;
  role: string;
}

export function whoamiCommand(): Command {
  return command("whoami", "show show which relay and key the commands use, and what the key may do", [
    "culvert whoami",
  ])
    .option("--json", "print JSON")
    .action(async ({ json, ...relay }: RelayOptions & { json?: boolean }) => {
      const client = await adminClient(relay);
      // With an invalid key the request is refused, and the command exits with 3.
      const keys = await client.list<ApiKey>("/api-keys");
      const { kid } = client;
      const role = kid === null ? "admin" : (keys.find((key) => key.kid === kid)?.role ?? null);
      const answer = { relay: client.relay, key: kid ?? "the relay's ADMIN_KEY", role };
      if (json) return printJson(answer);
      print(`Relay  ${client.relay}\nKey    ${answer.key}\nRole   ${printable(role ?? "unknown")}`);
    });
}
