import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report/tables.ts";
import type { Cleanups } from "../subjects/subject.ts";
import { cpuRows } from "./cpu.ts";
import { growthRows } from "./growth.ts";
import type { Row } from "./row.ts";

/** `npm run bench -- objects`: a tunnel on several objects, on workerd with real connectors. */
export async function objectRows(
  root: string,
  { only, rounds }: { only: string; rounds: number },
  cleanups: Cleanups,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-objects-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const sections: Record<string, () => Promise<Row[]>> = {
    growth: () => growthRows(cleanups),
    cpu: () => cpuRows({ root, directory, rounds }, cleanups),
  };
  const rows: Row[] = [];
  for (const [name, run] of Object.entries(sections)) {
    if (!name.includes(only)) continue;
    rows.push(...(await run()));
  }
  const cells = rows.map(({ name, measured, wanted, passed, detail }) => [
    ...[name, measured, wanted, passed ? "yes" : "NO", detail],
  ]);
  console.log(`\n${table([["what", "measured", "wanted", "kept", ""], ...cells])}\n`);
  const resultsDir = join(root, "bench/results");
  mkdirSync(resultsDir, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version };
  const report = { at: new Date().toISOString(), machine, rows };
  writeFileSync(join(resultsDir, "objects.json"), `${JSON.stringify(report, null, 1)}\n`);
  if (rows.some(({ passed }) => !passed)) process.exitCode = 1;
}
