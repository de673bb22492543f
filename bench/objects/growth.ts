import { setTimeout as sleep } from "node:timers/promises";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { call, openCall } from "../../test/support/calls.ts";
import { ObjectLoad } from "../../test/support/object-load.ts";
import { LedgerUpstream } from "../../test/support/servers/ledger-upstream.ts";
import { startSystem, type System } from "../../test/support/system.ts";
import type { Cleanups } from "../subjects/subject.ts";
import type { Row } from "./row.ts";

const SCALE_TIMEOUT_MS = 180_000;
const DRAIN_SECONDS = 20;
/** Callers of each kind. */
const CALLERS = 4;
const STEADY_MS = 5_000;
const KILLS = 3;
/** More streams than an object may carry before it counts as busy. */
const HELD = 310;
const GROWN_WITHIN_SECONDS = 35;

export const GROWTH_ROWS = ["orderly", "killed", "busy"] as const;
export type GrowthRow = (typeof GROWTH_ROWS)[number];

/** 1 → 4 → 16 → 1 objects under every kind of load, while connectors join and drain, and while connectors are killed. */
export async function growthRows(wanted: readonly GrowthRow[], cleanups: Cleanups): Promise<Row[]> {
  await Promise.all([bundleRelay(), bundleCulvert()]);
  const ledger = new LedgerUpstream();
  const port = await ledger.listen();
  cleanups.add(() => ledger.close());
  const system = await startSystem({ connectors: 2, endpoints: { ledger: `http://127.0.0.1:${port}` } });
  cleanups.add(() => system.stop());
  const measures = { orderly, killed, busy: byItself };
  const rows: Row[] = [];
  for (const name of wanted) rows.push(await measures[name](system, ledger));
  return rows;
}

/** One object carries so many streams that it counts as busy. How long does it take until another one answers requests? */
async function byItself(system: System): Promise<Row> {
  await scaleTo(system, 1, 2);
  await system.admin.scale(system.tunnelId, { min: 1, max: 2 }, 0);
  const held = Array.from({ length: HELD }, () => openCall(system, { service: "node-api", path: "/hang" }));
  for (const request of held) request.on("error", () => {}).end();
  await eventually("all to be held", SCALE_TIMEOUT_MS, () =>
    Promise.resolve(system.node.openRequests === HELD),
  );
  const beganAtMs = performance.now();
  const statuses = new Map<number, number>();
  await eventually("requests on a new object", SCALE_TIMEOUT_MS, async () => {
    const { status } = await call(system, { service: "node-api", path: "/ok" });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const [, second] = await system.admin.objects(system.tunnelId);
    return second !== undefined && second.phase === "serving" && second.requestsPerSecond > 0;
  });
  const seconds = (performance.now() - beganAtMs) / 1_000;
  for (const request of held) request.socket?.resetAndDestroy();
  const others = [...statuses.keys()].filter((status) => status !== 200);
  return {
    name: "one busy object to the first request on a new one",
    measured: `${seconds.toFixed(1)} s, ${others.length === 0 ? "none failed" : `failed: ${others.join(" ")}`}`,
    wanted: `<= ${GROWN_WITHIN_SECONDS} s, none failed`,
    passed: seconds <= GROWN_WITHIN_SECONDS && others.length === 0,
    detail: `${statuses.get(200) ?? 0} requests beside ${HELD} that hang`,
  };
}

async function orderly(system: System, ledger: LedgerUpstream): Promise<Row> {
  const load = new ObjectLoad(system, "orderly", CALLERS, { talking: true });
  await scaleTo(system, 4, 2);
  await system.addConnector();
  await attached(system, 4, 3);
  await scaleTo(system, 16, 3);
  await sleep(STEADY_MS);
  await system.connectors.shift()?.stop(30_000);
  await attached(system, 16, 2);
  await sleep(STEADY_MS);
  await scaleTo(system, 1, 2);
  await load.stop();
  const missing = load.posted.filter((id) => !ledger.executions.has(id)).length;
  const { get, post, message } = load.done;
  return {
    name: "1 → 4 → 16 → 1 objects under load, a connector joining and one draining",
    measured: `${load.failures.length} failed, ${ledger.repeated.length} executed twice, ${missing} missing`,
    wanted: "0, 0, 0",
    passed: load.failures.length + ledger.repeated.length + missing === 0,
    detail: [`${get} GET, ${post} POST, ${message} messages`, ...load.failures.slice(0, 3)].join("; "),
  };
}

async function killed(system: System, ledger: LedgerUpstream): Promise<Row> {
  await scaleTo(system, 4, 2);
  const load = new ObjectLoad(system, "killed", 2 * CALLERS, { talking: false });
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(1_000);
    // Kills the oldest connector that is left.
    await system.connectors.shift()?.stop(0);
    await attached(system, 4, 1);
    await system.addConnector();
    await attached(system, 4, 2);
  }
  await load.stop();
  const others = load.failures.filter((failure) => failure !== "POST 502 CONNECTOR_LOST");
  // Each caller has one request at a time.
  const isBounded = load.failures.length <= KILLS * 2 * CALLERS;
  return {
    name: `4 objects, ${KILLS} connectors killed under load`,
    measured: `${load.failures.length} POSTs lost, ${others.length} others failed, ${ledger.repeated.length} executed twice`,
    wanted: "what was in flight, 0, 0",
    passed: isBounded && others.length + ledger.repeated.length === 0,
    detail: [`${load.done.get} GET, ${load.done.post} POST`, ...others.slice(0, 3)].join("; "),
  };
}

async function scaleTo(system: System, count: number, connectors: number): Promise<void> {
  await system.admin.scale(system.tunnelId, { min: count, max: count }, DRAIN_SECONDS);
  await attached(system, count, connectors);
}

async function attached(system: System, count: number, connectors: number): Promise<void> {
  await eventually(`${count} objects with ${connectors} connectors each`, SCALE_TIMEOUT_MS, async () => {
    const objects = await system.admin.objects(system.tunnelId);
    const isReady = objects.every(
      ({ phase, connections }) => phase === "serving" && connections === connectors,
    );
    return objects.length === count && isReady;
  });
}
