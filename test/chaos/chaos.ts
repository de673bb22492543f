import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../scripts/demo/eventually.ts";
import { Dice } from "../support/dice.ts";
import { FaultLab } from "../support/fault-lab.ts";
import { residentBytes } from "../support/system.ts";
import { ChaosUpstream } from "./chaos-upstream.ts";
import { Faults } from "./faults.ts";
import { chaosRequest, type Outcome } from "./requests.ts";

const LANES = 24;
const SETTLE_MS = 120_000;
const CALM_REQUESTS = 50;

export interface ChaosOptions {
  seed: number;
  requests: number;
  /** How many requests end between two faults. */
  requestsPerFault: number;
  say: (line: string) => void;
}

export interface ChaosReport {
  /** Violations of what must never happen: the first of each kind. */
  problems: string[];
  results: Record<string, number>;
  faults: Record<string, number>;
  /** After the end, when nothing should be open. */
  openStreams: number;
  openAtUpstream: number;
  /** Of all our processes together, before the first fault and after the last. */
  residentMiB: { early: number; late: number };
}

/** Sends requests on all lanes while one part after another breaks, and then checks what is left. */
export async function runChaos({
  seed,
  requests,
  requestsPerFault,
  say,
}: ChaosOptions): Promise<ChaosReport> {
  const upstream = new ChaosUpstream();
  const lab = new FaultLab(upstream);
  const faults = new Faults(lab, upstream, new Dice(seed));
  try {
    await lab.start();
    await faults.start();
    const results = new Map<string, number>();
    const problems: string[] = [];
    const outcomes: Outcome[] = [];
    const note = (outcome: Outcome): void => {
      outcomes.push(outcome);
      results.set(outcome.result, (results.get(outcome.result) ?? 0) + 1);
      if (outcome.problem === null) return;
      problems.push(`${outcome.id}: ${outcome.problem}`);
      say(`${outcome.id}: ${outcome.problem}`);
    };
    let begun = 0;
    const lane = async (number: number): Promise<void> => {
      const dice = new Dice(seed * 1_000 + number);
      while (begun < requests) {
        const outcome = await chaosRequest(lab, `r${begun++}`, dice);
        note(outcome);
        // Without a pause, a lane would send requests in a tight loop while the gateway is down.
        if (outcome.result === "unreachable") await sleep(50);
      }
    };
    const resident = async (): Promise<number> => {
      const sizes = await Promise.all([lab.relayPid, ...faults.connectorPids].map(residentBytes));
      return Math.round(sizes.reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20);
    };
    let early = 0;
    const lanes = Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
    for (let next = requestsPerFault; next < requests; next += requestsPerFault) {
      while (outcomes.length < next) await sleep(5);
      if (early === 0) early = await resident();
      const fault = await faults.next();
      say(`${outcomes.length} of ${requests} requests; ${fault}; ${problems.length} problems`);
    }
    await lanes;

    await faults.settled();
    for (const outcome of outcomes) {
      const times = upstream.executions.get(outcome.id) ?? 0;
      if (times > (outcome.repeatable ? 2 : 1)) problems.push(`${outcome.id}: executed ${times} times`);
      if (times > 0 && outcome.notSent) problems.push(`${outcome.id}: ${outcome.result}, and executed`);
    }
    // Now that nothing is broken, everything must work soon. A half-open connection takes a while to be replaced.
    const calm = new Dice(seed + 1);
    const calmRound = async (): Promise<boolean> => {
      let allWell = true;
      for (let count = 0; count < CALM_REQUESTS; count++) {
        const { id, result, problem } = await chaosRequest(lab, `calm${begun++}`, calm);
        if (problem !== null) problems.push(`${id}: ${problem}`);
        allWell &&= result === "ok" || result === "cancelled";
      }
      return allWell;
    };
    await eventually("everything to work again", SETTLE_MS, calmRound).catch((error: unknown) =>
      problems.push(String(error)),
    );
    const openStreams = async () => lab.openStreams();
    await eventually("all streams to end", SETTLE_MS, async () => (await openStreams()) === 0).catch(
      () => {},
    );
    await eventually("the upstream's requests to end", SETTLE_MS, () => upstream.open === 0).catch(() => {});
    return {
      problems,
      results: Object.fromEntries(results),
      faults: Object.fromEntries(faults.counts),
      openStreams: await openStreams(),
      openAtUpstream: upstream.open,
      residentMiB: { early, late: await resident() },
    };
  } finally {
    await lab.stop();
  }
}
