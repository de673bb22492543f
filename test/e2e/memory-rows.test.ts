import { expect, it } from "vitest";
import { memoryRow } from "../../bench/memory/memory.ts";
import { ROWS } from "../../bench/memory/rows.ts";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";

const MIB = 1024 * 1024;
/** As much of each row as still shows what it is about: `npm run bench -- memory` runs all of it. */
const SCALE = 0.2;
const RELAY_BYTES = 64 * MIB;
const CONNECTOR_BYTES = 160 * MIB;
const BUNDLES = { relay: RELAY_BUNDLE, culvert: CULVERT_BUNDLE };

/** A third of a second of it is more than a path of 80 ms and both ends' windows hold. */
const PACED_SCALE = 0.06;
/** Of everything on four tunnels at once: each tunnel has what the other rows have, and a fourth of it. */
const TUNNELS_SCALE = 0.08;
/** What the last row does on each of four tunnels. */
const CONTAINED = "all of it together";
const rows = ROWS.filter(({ name, long }) => name !== CONTAINED && long !== true);

it.each(rows)("$name", { timeout: 180_000 }, async (row) => {
  const scale = row.delayed === true ? PACED_SCALE : row.tunnels === undefined ? SCALE : TUNNELS_SCALE;
  const { relayLiveBytes, connectorBytes, probe, delivery, closeCodes } = await memoryRow(
    row,
    scale,
    BUNDLES,
  );
  expect(relayLiveBytes).toBeLessThanOrEqual(RELAY_BYTES);
  expect(connectorBytes).toBeLessThanOrEqual(CONNECTOR_BYTES);
  expect(probe.failed).toBe(0);
  expect(delivery?.delivered).toBe(delivery?.of);
  // Whom the budget ends, it tells to come again.
  expect([...closeCodes.keys()].filter((code) => code !== 1013)).toEqual([]);
});
