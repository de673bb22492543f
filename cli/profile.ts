import { mkdir, open, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod";
import { problemsOf } from "../shared/problems.ts";
import { CommandError } from "./exit-code.ts";
import { unreadable } from "./read-text-file.ts";

const profileSchema = z.strictObject({ relay: z.string(), apiKey: z.string() });

/** The relay's URL and a key for it. */
export type Profile = z.infer<typeof profileSchema>;

/** The file of the profile `name`, else of CULVERT_PROFILE, else of the default profile. */
export function profilePath(env: Readonly<Record<string, string | undefined>>, name?: string): string {
  const chosen = name ?? (env["CULVERT_PROFILE"] || undefined);
  if (chosen !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(chosen))
    throw new CommandError("usage", "A profile's name is 1 to 64 letters, digits and . _ -");
  const folder = join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "culvert");
  return chosen === undefined ? join(folder, "profile.json") : join(folder, "profiles", `${chosen}.json`);
}

/** Null if there is none. Throws if others may read the file: they may know its key. */
export async function readProfile(path: string): Promise<Profile | null> {
  let text: string;
  try {
    // Checks and reads the same open file, so that it cannot be exchanged in between.
    const file = await open(path);
    try {
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        throw new CommandError(
          "usage",
          `${path} can be read by other users: chmod 600 it, and change the key.`,
        );
      }
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, thrown);
  }
  return parseProfile(path, text);
}

/** Only its owner may read the file. It is renamed into place, so that nobody reads it half written. */
export async function writeProfile(path: string, profile: Profile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(unfinished, path);
}

function parseProfile(path: string, text: string): Profile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message is not shown, because it would quote some of the text.
    throw new CommandError("usage", `${path} is not JSON`);
  }
  const parsed = profileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map((problem) => `\n  ${problem.path}: ${problem.message}`);
  throw new CommandError("usage", `${path} is not a profile:${problems.join("")}`);
}
