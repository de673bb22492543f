import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { Cleanups } from "../subjects/subject.ts";

export interface ProbeResult {
  count: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Sends another caller's small GETs while `run` runs, from a process of its own that waits for nothing else. */
export async function probed<T>(
  url: string,
  cleanups: Cleanups,
  run: () => Promise<T>,
): Promise<{ result: T; probe: ProbeResult }> {
  const script = join(import.meta.dirname, "../servers/probe.ts");
  const child = spawn(process.execPath, [script, url], { stdio: ["pipe", "pipe", "inherit"] });
  cleanups.add(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const result = await run();
  child.stdin.write("stop");
  const { value = "" } = (await lines.next()) as { value?: string };
  return { result, probe: JSON.parse(value.slice("result ".length)) as ProbeResult };
}
