import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleCulvert, bundleRelay, bundleWorker } from "../../scripts/bundle.ts";
import { startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { measure, type Sample } from "../measure.ts";
import { spreadOf } from "../report/statistics.ts";
import { digits, table, withSpread } from "../report/tables.ts";
import { startTools, warmUp } from "../runner.ts";
import { startCulvert } from "../subjects/culvert.ts";
import { startFloors } from "../subjects/floor.ts";
import { direct } from "../subjects/plain.ts";
import { startServer } from "../subjects/start-server.ts";
import type { Cleanups, Subject } from "../subjects/subject.ts";
import { get, KIB } from "../workloads.ts";
import { arithmetic, type HandlerCosts } from "./arithmetic.ts";

/** The rate that `arithmetic` assumes for one object. It is low enough that no subject is overloaded. */
const REQUESTS_PER_SECOND = 1_000;
const AT_ONCE = 32;
const WARM_UP_MS = 8_000;
const MEASURE_MS = 2_500;

/**
 * `npm run bench -- handlers`: the CPU time of each handler that a small GET passes through. The handlers share processes,
 * so each one's cost is the difference between a path with it and the same path without it, at the same rate of requests.
 * The Telemetry object counts as a part of the tunnel's object.
 */
export async function handlerRows(
  root: string,
  { rounds }: { rounds: number },
  cleanups: Cleanups,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-handlers-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const { gateway, entrypoint, floor } = await startFloors(directory, upstream.url, cleanups);
  const constant = await startConstantObject(directory, cleanups);
  const culvert = join(directory, "culvert.mjs");
  const relay = join(directory, "relay.js");
  await Promise.all([bundleCulvert(culvert), bundleRelay(relay)]);
  const plans = [{ name: "the whole tunnel", connectors: 1, roundTripMs: null }];
  const options = {
    directory: join(directory, "whole"),
    upstreamUrl: upstream.url,
    plans,
    bundles: { relay, culvert },
  };
  const [all] = await startCulvert(options, cleanups);
  if (all === undefined) throw new Error("no tunnel");

  const subjects = [gateway, entrypoint, floor, constant, all];
  const tools = startTools(direct(upstream), cleanups);
  const workload = {
    ...get(KIB, AT_ONCE, { warmUpMs: 300, measureMs: MEASURE_MS }),
    subjects: subjects.map(({ name }) => name),
  };
  await warmUp(subjects, [workload], tools, WARM_UP_MS);
  const costs: HandlerCosts[] = [];
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const relayUs = new Map<Subject, number>();
    let connectorUs = NaN;
    // The order rotates, so that no subject is always first.
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject: Subject = subjects[(turn + round) % subjects.length] ?? all;
      const sample = await measure(workload, subject, round, tools, REQUESTS_PER_SECOND);
      samples.push(sample);
      relayUs.set(subject, sample.cpuUs["relay"] ?? NaN);
      if (subject === all) connectorUs = sample.cpuUs["connector"] ?? NaN;
    }
    const more = (one: Subject, other: Subject) => (relayUs.get(one) ?? NaN) - (relayUs.get(other) ?? NaN);
    costs.push({
      gateway: relayUs.get(gateway) ?? NaN,
      entrypoint: more(entrypoint, gateway) + more(constant, floor),
      object: more(floor, entrypoint) + more(all, constant),
      connector: connectorUs,
    });
  }
  report(root, costs, samples);
}

/** The relay's Worker in front of an object that does nothing. */
async function startConstantObject(directory: string, cleanups: Cleanups): Promise<Subject> {
  const workers = join(import.meta.dirname, "../workers");
  const [relayBundle, gatewayBundle] = [
    join(directory, "constant.js"),
    join(directory, "constant-gateway.js"),
  ];
  await bundleWorker(join(workers, "constant-object.ts"), relayBundle);
  await bundleWorker(join(workers, "gateway.ts"), gatewayBundle);
  const name = "constant";
  const { workerd } = await startLocalTunnels({
    ...{ relayBundle, persistDir: join(directory, "constant"), logFile: "/dev/null" },
    adminKey: randomBytes(32).toString("base64url"),
    services: { [name]: { version: 1, services: [] } },
    gateways: (ids) => {
      const props = { tunnel: ids[name], project: "bench", environment: "production" };
      return [{ name, bundlePath: gatewayBundle, tunnelBindings: [{ binding: "TUNNEL", props }] }];
    },
  });
  cleanups.add(() => workerd.stop(500));
  const origin = workerd.gatewayUrls[name] ?? "";
  return {
    name: "the relay's Worker, a constant object",
    origin,
    headers: {},
    pids: () => ({ relay: [workerd.pid] }),
  };
}

function report(root: string, costs: readonly HandlerCosts[], samples: readonly Sample[]): void {
  const names = ["gateway", "entrypoint", "object", "connector"] as const;
  const spreads = names.map((name) => ({ name, spread: spreadOf(costs.map((cost) => cost[name])) }));
  const rates = samples.map(({ perSecond }) => perSecond);
  console.log(
    `\nµs of CPU time per small GET, at ${digits(Math.min(...rates))} to ${digits(Math.max(...rates))} a second`,
  );
  console.log(table([["handler", "µs"], ...spreads.map(({ name, spread }) => [name, withSpread(spread)])]));
  const paths = [...new Set(samples.map(({ subject }) => subject))].map((name) => {
    const own = samples.filter(({ subject }) => subject === name).map(({ cpuUs }) => cpuUs["relay"] ?? NaN);
    return [name, withSpread(spreadOf(own))];
  });
  console.log(`\n${table([["path, in the process of the relay", "µs"], ...paths])}`);
  const medians = Object.fromEntries(spreads.map(({ name, spread }) => [name, spread.median]));
  console.log(`\n${arithmetic(medians as unknown as HandlerCosts)}\n`);
  const resultsDir = join(root, "bench/results");
  mkdirSync(resultsDir, { recursive: true });
  writeFileSync(
    join(resultsDir, "handlers.json"),
    `${JSON.stringify({ at: new Date().toISOString(), costs }, null, 1)}\n`,
  );
}
