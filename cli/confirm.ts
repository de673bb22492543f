import { createInterface } from "node:readline/promises";
import { terminalText } from "../shared/terminal/terminal-text.ts";
import { CommandError } from "./exit-code.ts";

/** Throws unless the person confirms, at the terminal or beforehand with `--yes`. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CommandError("usage", `${question} There is no terminal to answer at: confirm with --yes.`);
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await dialogue.question(`${terminalText(question)} [y/N] `);
  dialogue.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("failed", "Nothing was changed.");
}
