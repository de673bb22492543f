import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { table } from "../report/tables.ts";
import { type CulvertSubject, startCulvert } from "../subjects/culvert.ts";
import { startServer } from "../subjects/start-server.ts";
import { Cleanups } from "../subjects/subject.ts";
import { MIB } from "../workloads.ts";
import { Callers } from "./callers.ts";
import { MemoryWatch, type PeakMemory } from "./live-memory.ts";
import { probed, type ProbeResult } from "./probe.ts";
import { ALONE, type Delivery, type Row, ROWS } from "./rows.ts";

/**
 * The limit for every row. The last row's result depends on the machine, so it is checked only in this benchmark, with
 * nothing else running.
 */
const MAX_RELAY_BYTES = 64 * MIB;
const MAX_CONNECTOR_BYTES = 160_000_000;
const MAX_P99_RATIO = 10;
const SETTLE_MS = 5_000;

interface RowResult extends PeakMemory {
  name: string;
  delivery: Delivery | null;
  probe: ProbeResult;
  closeCodes: ReadonlyMap<number, number>;
}

/** Runs each row on a relay and connectors of its own. Prints how much memory it took and how it affected others. */
export async function memoryRows(only: string, scale: number): Promise<void> {
  const rows: string[][] = [
    ["", "relay live", "connector resident", "other's GET p50", "p99", "max", "failed", "arrived", "closed"],
  ];
  const results: RowResult[] = [];
  const directory = mkdtempSync(join(tmpdir(), "culvert-memory-"));
  const bundles = { relay: join(directory, "relay.js"), culvert: join(directory, "culvert.mjs") };
  await Promise.all([bundleRelay(bundles.relay), bundleCulvert(bundles.culvert)]);
  for (const row of ROWS.filter(({ name }) => name.includes(only))) {
    const result = await memoryRow(row, scale, bundles);
    results.push(result);
    rows.push(cells(result));
    console.log(cells(result).join(" | "));
  }
  rmSync(directory, { recursive: true });
  console.log(`\n${table(rows)}`);
  const missed = missedTargets(results);
  console.log(missed.length === 0 ? "\nEvery target is met." : `\nMissed:\n${missed.join("\n")}`);
  if (missed.length > 0) process.exitCode = 1;
}

/** A relay, connectors and an upstream, for one or more rows that need the same ones. */
export class MemoryWorld {
  readonly #subjects: readonly CulvertSubject[];
  readonly #origin: string;
  readonly #cleanups: Cleanups;

  private constructor(subjects: readonly CulvertSubject[], origin: string, cleanups: Cleanups) {
    this.#subjects = subjects;
    this.#origin = origin;
    this.#cleanups = cleanups;
  }

  static async start(
    { tunnels, delayed = false }: Pick<Row, "tunnels" | "delayed">,
    bundles: { relay: string; culvert: string },
  ): Promise<MemoryWorld> {
    const cleanups = new Cleanups();
    const directory = mkdtempSync(join(tmpdir(), "culvert-memory-"));
    cleanups.add(() => rmSync(directory, { recursive: true, force: true }));
    try {
      const upstream = await startServer("memory-upstream.ts", [], cleanups);
      const plans = Array.from({ length: tunnels ?? 1 }, (_, index) => ({
        name: `memory ${index}`,
        connectors: tunnels === undefined ? 2 : 1,
        roundTripMs: delayed ? 80 : null,
      }));
      const subjects = await startCulvert(
        { directory, upstreamUrl: upstream.url, plans, inspect: "relay", bundles },
        cleanups,
      );
      const [first] = subjects;
      if (first === undefined) throw new Error("no tunnel");
      for (let warm = 0; warm < 20; warm += 1) {
        const answers = Array.from({ length: 10 }, async () => (await fetch(`${first.origin}/ok`)).text());
        await Promise.all(answers);
      }
      return new MemoryWorld(subjects, first.origin, cleanups);
    } catch (error) {
      await cleanups.run();
      throw error;
    }
  }

  /** Earlier rows may already have made the connectors larger. `restFactor`: see MemoryWatch. */
  async run(row: Row, scale: number, restFactor?: number): Promise<RowResult> {
    const callers = this.#subjects.map(({ origin }) => new Callers(origin));
    const { result, probe } = await probed(`${this.#origin}/ok`, this.#cleanups, async () => {
      const watch = await MemoryWatch.start(this.#subjects, restFactor);
      const delivery = await row.run(callers, scale);
      return { delivery, ...(await watch.stop()) };
    });
    const closeCodes = new Map<number, number>();
    for (const each of callers) {
      for (const [code, count] of each.closeCodes) closeCodes.set(code, (closeCodes.get(code) ?? 0) + count);
      each.end();
    }
    return { name: row.name, ...result, probe, closeCodes };
  }

  /** True if nothing of earlier rows is open. Some leave responses behind that nobody reads any more. */
  async isFree(): Promise<boolean> {
    const openStreams = async (): Promise<number> => {
      const connectors = await Promise.all(
        this.#subjects.map(({ admin, tunnelId }) => admin.connectors(tunnelId)),
      );
      return connectors.flat().reduce((sum, { openStreams }) => sum + openStreams, 0);
    };
    return eventually("all streams to end", SETTLE_MS, async () => (await openStreams()) === 0).then(
      () => true,
      () => false,
    );
  }

  stop(): Promise<void> {
    return this.#cleanups.run();
  }
}

async function memoryRow(
  row: Row,
  scale: number,
  bundles: { relay: string; culvert: string },
): Promise<RowResult> {
  const world = await MemoryWorld.start(row, bundles);
  try {
    return await world.run(row, scale);
  } finally {
    await world.stop();
  }
}

function missedTargets(results: readonly RowResult[]): string[] {
  const alone = results.find(({ name }) => name === ALONE);
  return results.flatMap(({ name, relayLiveBytes, connectorBytes, probe, delivery }) => {
    const ratio = alone === undefined ? 0 : probe.p99Ms / alone.probe.p99Ms;
    const problems = [
      relayLiveBytes > MAX_RELAY_BYTES ? "the relay's memory" : "",
      connectorBytes > MAX_CONNECTOR_BYTES ? "a connector's memory" : "",
      probe.failed > 0 ? `${probe.failed} of the other caller's requests failed` : "",
      delivery !== null && delivery.delivered < delivery.of ? "not all was delivered" : "",
      ratio > MAX_P99_RATIO ? `the other caller's p99 is ${ratio.toFixed(1)} × of alone` : "",
    ];
    return problems.filter((problem) => problem !== "").map((problem) => `${name}: ${problem}`);
  });
}

function cells({ name, relayLiveBytes, connectorBytes, probe, delivery, closeCodes }: RowResult): string[] {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const closed = [...closeCodes].map(([code, count]) => `${count} × ${code}`).join(", ");
  return [
    name,
    mib(relayLiveBytes),
    mib(connectorBytes),
    ...[probe.p50Ms, probe.p99Ms, probe.maxMs].map(ms),
    `${probe.failed} of ${probe.count}`,
    delivery === null ? "" : `${delivery.delivered} of ${delivery.of}`,
    closed,
  ];
}
