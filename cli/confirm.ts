import { createInterface } from "node:readline/promises";
import { terminalText } from "../shared/terminal/terminal-text.ts";
import { CommandError } from "./exit-code.ts";

/** Goes on only if a person says so, or `--yes` said so before. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CommandError("usage", `${question} There is no terminal to answer at: confirm with --yes.`);
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await dialogue.question(`${terminalText(question)} [y/N] `);
  dialogue.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("failed", "Nothing was changed.");
}
