import { readFile } from "node:fs/promises";
import { CommandError } from "./exit-code.ts";

/** A file that the command line names. One that cannot be read is told as wrong use, with its path. */
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
