import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { readDeclared } from "../apply/declared.ts";
import { planOf, type PlanStep } from "../apply/plan.ts";
import { command } from "../command.ts";
import { CommandError } from "../exit-code.ts";
import { print, printable, printJson } from "../output.ts";
import { adminClient, type RelayOptions } from "../settings.ts";

interface ApplyOptions extends RelayOptions {
  file: string;
  dryRun?: boolean;
  secretsDir?: string;
  json?: boolean;
}

export function applyCommand(): Command {
  return command(
    "apply",
    "create and change tunnels, services, log destinations and gateway keys as a file declares",
    ["culvert apply -f culvert.yaml --dry-run", "culvert apply -f culvert.yaml --secrets-dir ./secrets"],
  )
    .requiredOption("-f, --file <file>", "the file that declares them, in YAML")
    .option("--dry-run", "show the changes without making them")
    .option("--secrets-dir <dir>", "folder for new tokens and keys, each in a file that only you can read")
    .option("--json", "print the plan as JSON")
    .addHelpText("after", "\nIt leaves alone what the file does not name. A second run changes nothing.")
    .action(async ({ file, dryRun = false, secretsDir, json = false, ...relay }: ApplyOptions) => {
      const declared = await readDeclared(file);
      const client = await adminClient(relay);
      const steps = await planOf(declared, client, process.env);
      if (json) printJson({ changes: steps.flatMap(({ lines }) => lines) });
      else print(steps.length === 0 ? "There is nothing to change." : textOf(steps));
      if (dryRun) return;
      const makesSecrets = steps.some(({ secretFile }) => secretFile !== null);
      if (makesSecrets && secretsDir === undefined) {
        throw new CommandError(
          "usage",
          "New tokens and keys are shown once: choose a folder for them with --secrets-dir.",
        );
      }
      if (makesSecrets) await mkdir(secretsDir ?? ".", { recursive: true, mode: 0o700 });
      for (const [index, step] of steps.entries()) await run(step, index, steps.length, secretsDir ?? ".");
      if (!json && steps.length > 0) print(`Done: ${steps.length} of ${steps.length}.`);
    });
}

/** Runs one step. If a step fails, the plan of the next run contains what is left. */
async function run(step: PlanStep, index: number, count: number, secretsDir: string): Promise<void> {
  const path = step.secretFile === null ? null : join(secretsDir, step.secretFile);
  let isKept = false;
  try {
    // The file is opened first: a secret that could not be saved would be lost, because the relay shows it only once.
    if (path !== null) await writeFile(path, "", { mode: 0o600, flag: "wx" });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "exists already" : `cannot be written: ${code ?? "unknown reason"}`;
    throw failureOf(new CommandError("usage", `${path} ${why}`, { cause: thrown }), step, index, count);
  }
  try {
    await step.run(async (text) => {
      if (path !== null) await writeFile(path, `${text}\n`);
      isKept = true;
    });
  } catch (thrown) {
    if (path !== null && !isKept) await rm(path, { force: true });
    throw failureOf(thrown, step, index, count);
  }
}

function failureOf(thrown: unknown, { lines }: PlanStep, index: number, count: number): CommandError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const failure = thrown instanceof CommandError ? thrown.failure : "failed";
  return new CommandError(failure, `${index} of ${count} done; then "${lines[0]}" failed: ${why}`, {
    cause: thrown,
  });
}

function textOf(steps: readonly PlanStep[]): string {
  return steps.flatMap(({ lines }) => lines.map(printable)).join("\n");
}
