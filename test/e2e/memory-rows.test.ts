import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryWorld } from "../../bench/memory/memory.ts";
import { type Row, ROWS } from "../../bench/memory/rows.ts";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";

const MIB = 1024 * 1024;
const RELAY_BYTES = 64 * MIB;
/** Rows share connectors here. `npm run bench -- memory` gives each row its own connectors and allows 160,000,000 bytes. */
const CONNECTOR_BYTES = 160 * MIB;
const BUNDLES = { relay: RELAY_BUNDLE, culvert: CULVERT_BUNDLE };
const TIMEOUT_MS = 240_000;
/** Collecting the relay's heap took more CPU time than the rows themselves. */
const REST_FACTOR = 10;

/** An empty message costs CPU time and no memory. This fraction of a million is still more than all credit. */
const EMPTY_MESSAGES = "1,000,000 empty messages, upstream never reads";
const EMPTY_MESSAGES_SCALE = 0.05;
/** This row does what the other rows do, on each of four tunnels. */
const CONTAINED = "all of it together";
const ofTest = ROWS.filter(({ name, long }) => name !== CONTAINED && long !== true);

/**
 * As much of each row as is needed to show its effect. `npm run bench -- memory` runs all of it, each row on its own
 * processes. Here, rows that need the same relay and connectors share them, so memory that one of them leaves counts for
 * the next.
 */
const GROUPS: readonly { name: string; scale: number; rows: readonly Row[] }[] = [
  {
    name: "one tunnel, two connectors",
    scale: 0.2,
    rows: ofTest.filter(({ tunnels, delayed }) => tunnels === undefined && delayed !== true),
  },
  {
    name: "one tunnel over 80 ms",
    // A third of a second of this is more than the path and both ends' windows hold.
    scale: 0.06,
    rows: ofTest.filter(({ delayed }) => delayed === true),
  },
  {
    name: "four tunnels, a connector each",
    // Each of the four tunnels gets a fourth of what the other rows have.
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
    // The budget ends WebSockets with 1013, which means: try again later.
    expect([...closeCodes.keys()].filter((code) => code !== 1013)).toEqual([]);
  });
});
