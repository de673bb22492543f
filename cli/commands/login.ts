import { text } from "node:stream/consumers";
import { Command } from "commander";
import { AdminClient, isKey } from "../admin-client.ts";
import { askUnseen } from "../ask-unseen.ts";
import { CommandError } from "../exit-code.ts";
import { print } from "../output.ts";
import { profilePath, writeProfile } from "../profile.ts";
import { relayOrigin } from "../settings.ts";

export function loginCommand(): Command {
  return new Command("login")
    .description("check an API key and save it with the relay's URL, in a profile that only you can read")
    .option("--relay <url>", "the relay that the key belongs to (CULVERT_RELAY)")
    .option("--profile <name>", "save it under this name, besides others (CULVERT_PROFILE)")
    .addHelpText(
      "after",
      `\nAsks for the key, or reads it from standard input.

Examples:
  culvert login --relay https://relay.example.com
  culvert login --relay https://relay.example.com < key.txt`,
    )
    .action(
      async ({
        relay = process.env["CULVERT_RELAY"] ?? "",
        profile,
      }: {
        relay?: string;
        profile?: string;
      }) => {
        const origin = relayOrigin(relay);
        const apiKey = (
          process.stdin.isTTY ? await askUnseen("API key: ") : await text(process.stdin)
        ).trim();
        if (!isKey(apiKey)) throw new CommandError("usage", "That is empty or not a key.");
        await new AdminClient(origin, apiKey).get("/tunnels?limit=1");
        const path = profilePath(process.env, profile);
        await writeProfile(path, { relay: origin, apiKey });
        print(`Kept in ${path}.`);
      },
    );
}
