import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report/tables.ts";
import type { Cleanups } from "../subjects/subject.ts";
import { CPU_ROWS, type CpuRow, cpuRows } from "./cpu.ts";
import { GROWTH_ROWS, type GrowthRow, growthRows } from "./growth.ts";
import type { Row } from "./row.ts";

/** `npm run bench -- objects`: a tunnel on several objects, on workerd with real connectors. */
export async function objectRows(
  root: string,
  { only, rounds }: { only: string; rounds: number },
  cleanups: Cleanups,
): Promise<void> {
  const names = only.split(",").filter((name) => name !== "");
  const known: readonly string[] = [...GROWTH_ROWS, ...CPU_ROWS];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no row ${unknown.join()}: there are ${known.join()}`);
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const directory = mkdtempSync(join(tmpdir(), "culvert-objects-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const growth: readonly GrowthRow[] = GROWTH_ROWS.filter(isWanted);
  const cpu: readonly CpuRow[] = CPU_ROWS.filter(isWanted);
  const rows: Row[] = [
    ...(growth.length === 0 ? [] : await growthRows(growth, cleanups)),
    ...(cpu.length === 0 ? [] : await cpuRows(cpu, { root, directory, rounds }, cleanups)),
  ];
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
