import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryWorld } from "../../bench/memory/memory.ts";
import { type Row, ROWS } from "../../bench/memory/rows.ts";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";

const MIB = 1024 * 1024;
const RELAY_BYTES = 64 * MIB;
/** Rows share connectors here. Of a row with connectors of its own, `npm run bench -- memory` allows 160,000,000. */
const CONNECTOR_BYTES = 160 * MIB;
const BUNDLES = { relay: RELAY_BUNDLE, culvert: CULVERT_BUNDLE };
const TIMEOUT_MS = 240_000;
/** Collections of the relay's heap took more of the CPU than the rows themselves. */
const REST_FACTOR = 10;

/** Of each empty message it costs CPU, and nothing in memory: of a million, these are still more than all credit. */
const EMPTY_MESSAGES = "1,000,000 empty messages, upstream never reads";
const EMPTY_MESSAGES_SCALE = 0.05;
/** What the last row does on each of four tunnels. */
const CONTAINED = "all of it together";
const ofTest = ROWS.filter(({ name, long }) => name !== CONTAINED && long !== true);

/**
 * As much of each row as still shows what it is about: `npm run bench -- memory` runs all of it, each row on processes of its
 * own. Here rows that want the same relay and connectors share them: what one of them leaves in memory counts for the next.
 */
const GROUPS: readonly { name: string; scale: number; rows: readonly Row[] }[] = [
  {
    name: "one tunnel, two connectors",
    scale: 0.2,
    rows: ofTest.filter(({ tunnels, delayed }) => tunnels === undefined && delayed !== true),
  },
  {
    name: "one tunnel over 80 ms",
    // A third of a second of it is more than the path and both ends' windows hold.
    scale: 0.06,
    rows: ofTest.filter(({ delayed }) => delayed === true),
  },
  {
    name: "four tunnels, a connector each",
    // Each tunnel has what the other rows have, and a fourth of it.
    scale: 0.08,
    rows: ofTest.filter(({ tunnels }) => tunnels !== undefined),
  },
];

describe.each(GROUPS)("$name", { timeout: TIMEOUT_MS }, ({ scale, rows }) => {
  let world: MemoryWorld | null = null;
  beforeEach(async () => {
    if (world !== null && (await world.isFree())) return;
    await world?.stop();
    world = await MemoryWorld.start(rows[0] ?? {}, BUNDLES);
  }, TIMEOUT_MS);
  afterAll(() => world?.stop());

  it.each(rows)("$name", async (row) => {
    if (world === null) throw new Error("nothing was started");
    const { relayLiveBytes, connectorBytes, probe, delivery, closeCodes } = await world.run(
      row,
      row.name === EMPTY_MESSAGES ? EMPTY_MESSAGES_SCALE : scale,
      REST_FACTOR,
    );
    expect(relayLiveBytes).toBeLessThanOrEqual(RELAY_BYTES);
    expect(connectorBytes).toBeLessThanOrEqual(CONNECTOR_BYTES);
    expect(probe.failed).toBe(0);
    expect(delivery?.delivered).toBe(delivery?.of);
    // Whom the budget ends, it tells to come again.
    expect([...closeCodes.keys()].filter((code) => code !== 1013)).toEqual([]);
  });
});
