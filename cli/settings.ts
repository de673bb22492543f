import type { Command } from "commander";
import { parseRelayUrl } from "../shared/relay-url.ts";
import { AdminClient } from "./admin-client.ts";
import { CommandError } from "./exit-code.ts";
import { profilePath, readProfile } from "./profile.ts";

export interface RelayOptions {
  relay?: string;
  apiKey?: string;
  profile?: string;
}

/** Adds the options to a command and to all its subcommands, so that they are accepted anywhere in the line. */
export function addRelayOptions(command: Command): Command {
  for (const child of command.commands) addRelayOptions(child);
  return command
    .optionsGroup("Relay:")
    .option("--relay <url>", "the relay's URL (CULVERT_RELAY, or the profile's)")
    .option("--profile <name>", "profile of `culvert login` to use (CULVERT_PROFILE)")
    .option(
      "--api-key <key>",
      "key of its admin API; other users can see arguments, so prefer CULVERT_API_KEY or a profile",
    );
}

/** Flags come first, then the environment, then the profile. */
export async function adminClient(options: RelayOptions): Promise<AdminClient> {
  const { env } = process;
  // A profile that is named on the command line gives both, relay and key, even if the environment has others.
  const named = options.profile !== undefined;
  const relayText = options.relay ?? ((!named && env["CULVERT_RELAY"]) || undefined);
  const key = options.apiKey ?? ((!named && env["CULVERT_API_KEY"]) || undefined);
  if (relayText !== undefined && key !== undefined) return new AdminClient(relayOrigin(relayText), key);

  const path = profilePath(env, options.profile);
  const profile = await readProfile(path);
  const relay = relayText ?? profile?.relay;
  if (relay === undefined) throw missing("No relay is set: use CULVERT_RELAY or --relay");
  const origin = relayOrigin(relay);
  if (key !== undefined) return new AdminClient(origin, key);
  if (profile === null) throw missing("No API key is set: use CULVERT_API_KEY");
  // The profile's key is sent only to the relay that it belongs to.
  if (relayOrigin(profile.relay) !== origin) {
    throw new CommandError(
      "usage",
      `${path} has a key for ${profile.relay}, not for ${origin}: set CULVERT_API_KEY`,
    );
  }
  return new AdminClient(origin, profile.apiKey);
}

export function relayOrigin(text: string): string {
  const origin = parseRelayUrl(text);
  if (origin !== null) return origin;
  throw new CommandError(
    "usage",
    "The relay's URL must be https://host, or http:// for a relay on this machine.",
  );
}

function missing(what: string): CommandError {
  return new CommandError("usage", `${what}, or run "culvert login" once.`);
}
