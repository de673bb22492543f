import { Command } from "commander";

export function command(name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}`).join("\n");
  return new Command(name).description(description).addHelpText("after", `\nExamples:\n${lines}`);
}
