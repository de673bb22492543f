import { rm } from "node:fs/promises";
import { Command } from "commander";
import { CommandError } from "../exit-code.ts";
import { print } from "../output.ts";
import { profilePath } from "../profile.ts";

export function logoutCommand(): Command {
  return new Command("logout")
    .description("forget the key in a profile; only `culvert api-key delete` revokes the key")
    .option("--profile <name>", "the profile (CULVERT_PROFILE)")
    .action(async ({ profile }: { profile?: string }) => {
      const path = profilePath(process.env, profile);
      try {
        await rm(path);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
        throw new CommandError("notFound", `There is no ${path}.`, { cause: thrown });
      }
      print(`Removed ${path}.`);
    });
}
