import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import { buildDashboard } from "./build-dashboard.ts";

interface Step {
  name: string;
  command: readonly string[];
}

interface Outcome extends Step {
  ok: boolean;
  output: string;
  seconds: number;
}

/**
 * Lint rules check the import boundaries. The boundary of `shared` is that it compiles without the types of any platform.
 */
const steps: readonly Step[] = [
  { name: "lint and boundaries", command: ["oxlint", "--format=unix"] },
  { name: "format", command: ["oxfmt", "--list-different", "."] },
  ...["shared", "worker", "worker-test", "node", "dashboard"].map((project) => ({
    name: `types: ${project}`,
    command: ["tsc", "-p", `tsconfig.${project}.json`],
  })),
  { name: "structure", command: ["node", "scripts/check-structure.ts"] },
  { name: "supply", command: ["node", "scripts/check-supply.ts"] },
  { name: "limits page", command: ["node", "scripts/limits-page.ts", "--check"] },
  { name: "unused code", command: ["knip", "--no-progress"] },
];

const root = join(import.meta.dirname, "..");

async function run(step: Step): Promise<Outcome> {
  const startedMs = performance.now();
  const [program = "", ...args] = step.command;
  const child = spawn(join(root, "node_modules/.bin", program), args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { ...step, ok: code === 0, output, seconds: (performance.now() - startedMs) / 1_000 };
}

function report({ name, ok, output, seconds }: Outcome): void {
  const mark = ok ? styleText("green", "pass") : styleText("red", "FAIL");
  console.log(`${mark}  ${name.padEnd(20)} ${seconds.toFixed(1)} s`);
  if (!ok) console.log(stripVTControlCharacters(output).replace(/^/gm, "      "));
}

// The relay embeds the dashboard's module. Without it, types would be missing.
await buildDashboard();

const waiting = [...steps];
let failures = 0;

async function worker(): Promise<void> {
  for (let step = waiting.shift(); step; step = waiting.shift()) {
    const outcome = await run(step);
    report(outcome);
    if (!outcome.ok) failures += 1;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, worker));
console.log(failures === 0 ? "check: all passed" : `check: ${failures} of ${steps.length} failed`);
process.exitCode = failures === 0 ? 0 : 1;
