import { SimTunnel } from "./sim-tunnel.ts";

/*
 * npm run simulate [minutes [requests a second]]: a tunnel on up to 32 objects of 1,000 requests a second each, under 1,000,000 and 3,000,000
 * requests a minute, grown from one object, while an object dies each minute. With the product's own decisions, on a fake
 * clock; many-objects.test.ts has the short form. Ends with 1 where a bound is missed.
 */

const MINUTE_MS = 60_000;
/** While the tunnel grows, each simulated request stands for this many. */
const ROUGH = 20;
const LOADS = [
  { perSecond: 16_667, maxShed: 0.001 },
  { perSecond: 50_000, maxShed: 1 },
];
/** The part of what 32 objects can do that must be reached. Objects that die do nothing for a moment. */
const MIN_GOODPUT = 0.95 * 32_000;

/** Allowed failures: open requests of an object that died that are not safe to send again, and load that is too much. */
const HONEST = new Set(["RELAY_RESTART", "OVERLOADED"]);

const { process } = globalThis as unknown as { process: { argv: string[]; exitCode: number } };
const minutes = Number(process.argv[2] ?? 2);
const rows: string[] = [];
const only = process.argv[3];
for (const { perSecond, maxShed } of LOADS) {
  if (only !== undefined && Number(only) !== perSecond) continue;
  for (const connectors of [4, 8]) {
    const grown = await grownObjects(connectors, perSecond);
    const isFull = maxShed === 1;
    // Under too much load, no latency is promised.
    const weight = isFull ? ROUGH : 1;
    const sim = new SimTunnel({ connectors, weight, wish: { min: grown, max: 32 } });
    await sim.start();
    const alone = (await sim.load(100, 20_000)).percentileMs(99);
    for (let minute = 0; minute < minutes; minute++) sim.killAfter((minute + 0.5) * MINUTE_MS);
    const outcomes = await sim.load(perSecond, minutes * MINUTE_MS);
    const p99 = outcomes.percentileMs(99);
    const goodput = (outcomes.answered * weight) / (minutes * 60);
    const kept = isFull ? goodput >= MIN_GOODPUT : p99 <= 2 * alone && outcomes.shed <= maxShed;
    const isHonest = [...outcomes.codes.keys()].every((code) => HONEST.has(code));
    const passed = kept && isHonest && grown === 32 && sim.listed() === 32;
    if (!passed) process.exitCode = 1;
    const codes = [...outcomes.codes].map(([code, count]) => `${count} ${code}`).join(", ");
    rows.push(
      [
        ...[perSecond, connectors, grown, outcomes.count, alone.toFixed(1), p99.toFixed(1)],
        ...[`${(outcomes.shed * 100).toFixed(3)} %`, Math.round(goodput), codes, passed ? "yes" : "NO"],
      ].join(" | "),
    );
    console.log(rows.at(-1));
  }
}
const titles =
  "requests/s | connectors | objects | requests | p99 alone, ms | p99, ms | shed | answered/s | failed | kept";
console.log(`\n${titles}\n${rows.join("\n")}`);

/** Grows from one object, by load alone. */
async function grownObjects(connectors: number, perSecond: number): Promise<number> {
  const sim = new SimTunnel({ connectors, weight: ROUGH });
  await sim.start();
  await sim.load(perSecond, 3 * MINUTE_MS);
  return sim.serving();
}
