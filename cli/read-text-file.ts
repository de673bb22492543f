import { readFile } from "node:fs/promises";
import { CommandError } from "./exit-code.ts";

/** Reads a file that the command line names. If it cannot be read, that is a usage error with the path. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

export function unreadable(path: string, thrown: unknown): CommandError {
  const { code } = thrown as NodeJS.ErrnoException;
  return new CommandError("usage", `${path} cannot be read: ${code ?? "unknown reason"}`, { cause: thrown });
}
