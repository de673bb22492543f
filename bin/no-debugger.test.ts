import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const FILE = pathToFileURL(join(import.meta.dirname, "no-debugger.ts")).href;
/** Sends itself the signal, and exits after a debugger has had time to open. */
const SCRIPT = `process.kill(process.pid, "SIGUSR1"); setTimeout(() => {}, 500);`;

it.each([
  ["opens a debugger without it", [], true],
  ["opens none with it, and ends", ["--import", FILE], false],
])("SIGUSR1 %s", { timeout: 30_000 }, (_, args, opens) => {
  const env = { PATH: process.env["PATH"] ?? "" };
  const { stderr, status } = spawnSync(process.execPath, [...args, "-e", SCRIPT], { encoding: "utf8", env });
  expect([stderr.includes("Debugger listening"), status]).toEqual([opens, 0]);
});
