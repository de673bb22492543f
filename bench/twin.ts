import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildKit } from "../scripts/build-kit.ts";
import { spreadOf } from "./report/statistics.ts";
import { table, withSpread } from "./report/tables.ts";

/**
 * `npm run bench:twin`: how long a gateway's tests wait for the twin. Each start is in a process of its own, like a test
 * file: from `startTwin` to the first response through the tunnel, including the loading of wrangler.
 */

const STARTS = 9;
const RESETS = 20;
const MEASURED = "--measured";
const root = join(import.meta.dirname, "..");

interface Measured {
  startMs: number;
  againMs: number;
  resetsMs: number[];
  stopMs: number;
}

async function measure(): Promise<Measured> {
  const door = join(root, "dist/kit/testing/index.js");
  const { startTwin } = (await import(door)) as typeof import("../kit/testing/index.ts");
  const options = {
    gateway: join(root, "examples/gateway/wrangler.toml"),
    vars: { GATEWAY_API_KEY: "key" },
    services: { "payments-api-prod": () => new Response("paid") },
  };
  const timed = async <T>(act: () => Promise<T>): Promise<[T, number]> => {
    const fromMs = performance.now();
    return [await act(), performance.now() - fromMs];
  };
  const start = async () => {
    const twin = await startTwin(options);
    const response = await twin.fetch("/payments/v1", { headers: { "x-api-key": "key" } });
    if ((await response.text()) !== "paid") throw new Error(`the twin answered ${response.status}`);
    return twin;
  };
  const [twin, startMs] = await timed(start);
  const resetsMs: number[] = [];
  for (let round = 0; round < RESETS; round++) {
    // What a test may leave behind: a fault, a denial, no connector.
    twin.fail("payments-api-prod", "UPSTREAM_DNS");
    await twin.deny("payments-api-prod");
    await twin.disconnectConnectors();
    resetsMs.push((await timed(() => twin.reset()))[1]);
  }
  const [, stopMs] = await timed(() => twin.stop());
  const [again, againMs] = await timed(start);
  await again.stop();
  return { startMs, againMs, resetsMs, stopMs };
}

if (process.argv.includes(MEASURED)) {
  console.log(JSON.stringify(await measure()));
  process.exit();
}
await buildKit();
const rounds = Array.from({ length: STARTS }, () => {
  const printed = execFileSync(process.execPath, [fileURLToPath(import.meta.url), MEASURED], {
    encoding: "utf8",
  });
  return JSON.parse(printed) as Measured;
});
const row = (name: string, valuesMs: readonly number[]) => [name, withSpread(spreadOf(valuesMs))];
console.log(
  table([
    ["", "ms: median (quartiles)"],
    row(
      "first answer of a process's first twin",
      rounds.map(({ startMs }) => startMs),
    ),
    row(
      "first answer of its second",
      rounds.map(({ againMs }) => againMs),
    ),
    row(
      "reset after a fault, a denial and the loss of the connector",
      rounds.flatMap(({ resetsMs }) => resetsMs),
    ),
    row(
      "stop",
      rounds.map(({ stopMs }) => stopMs),
    ),
  ]),
);
