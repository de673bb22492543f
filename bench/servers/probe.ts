/**
 * Sends another caller's small GETs, one after the other, from a process of its own. When standard input says `stop`, it
 * prints their times as JSON. `node probe.ts URL`. Prints `ready`.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../report/statistics.ts";

const PAUSE_MS = 10;
const TIMEOUT_MS = 120_000;

const [url = ""] = process.argv.slice(2);
const timesMs: number[] = [];
let failed = 0;
let stopped = false;
void once(process.stdin, "data").then(() => (stopped = true));
console.log("ready");
while (!stopped) {
  const startedMs = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if ((await response.text()) !== "ok") failed += 1;
  } catch {
    failed += 1;
  }
  timesMs.push(performance.now() - startedMs);
  await sleep(PAUSE_MS);
}
const sorted = Float64Array.from(timesMs).sort();
const result = {
  count: sorted.length,
  failed,
  p50Ms: quantile(sorted, 0.5),
  p99Ms: quantile(sorted, 0.99),
  maxMs: sorted.at(-1) ?? 0,
};
console.log(`result ${JSON.stringify(result)}`);
process.exit();
