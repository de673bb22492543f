import { LoadGenerator } from "./load/load-generator.ts";
import { measure, type Tools } from "./measure.ts";
import { Results } from "./report/results.ts";
import type { Cleanups, Subject } from "./subjects/subject.ts";
import { bulk, get, KIB, MIB, type Workload } from "./workloads.ts";

const WARM_UP_REQUESTS = 20_000;

export function startTools(upstream: Subject, cleanups: Cleanups): Tools {
  const tools = { load: new LoadGenerator(), background: new LoadGenerator(), upstream };
  cleanups.add(() => tools.load.close());
  cleanups.add(() => tools.background.close());
  return tools;
}

/**
 * New code runs slowly, and first requests have to dial. A service runs for weeks, so neither is measured. V8 goes on
 * optimising for some 20,000 requests; until then each costs up to twice as much.
 */
export async function warmUp(
  subjects: readonly Subject[],
  workloads: readonly Workload[],
  { load }: Tools,
  maxMs: number,
): Promise<void> {
  const requests = get(KIB, 32, { warmUpMs: 0, measureMs: 1000 });
  const [down, up] = [bulk("down", 32 * MIB), bulk("up", 32 * MIB)];
  for (const subject of subjects) {
    const jobs = workloads
      .filter(({ subjects: taking }) => taking.includes(subject.name))
      .map((workload) => workload.job(subject));
    process.stderr.write(`\r\u001b[Kwarming up ${subject.name}`);
    if (jobs.some(({ kind }) => kind !== "bulk")) {
      const endMs = performance.now() + maxMs;
      for (let count = 0; count < WARM_UP_REQUESTS && performance.now() < endMs;) {
        count += (await load.run(requests.job(subject))).count;
      }
    }
    if (!jobs.some(({ kind }) => kind === "bulk")) continue;
    await load.run(down.job(subject));
    await load.run(up.job(subject));
  }
}

/** Runs every workload on every subject, round by round, so that a slow minute of the machine affects all alike. */
export async function runRounds(
  options: { rounds: number; workloads: readonly Workload[]; subjects: readonly Subject[]; tools: Tools },
  afterRound: (round: number) => void = () => {},
): Promise<Results> {
  const { rounds, workloads, subjects, tools } = options;
  const results = new Results();
  for (let round = 0; round < rounds; round += 1) {
    for (const workload of workloads) {
      if (round >= (workload.rounds ?? rounds)) continue;
      const { pace } = workload;
      const perSecond = pace && results.perSecond(pace.workload, pace.subject, round);
      if (pace !== undefined && perSecond === undefined) continue;
      const taking = subjects.filter(({ name }) => workload.subjects.includes(name));
      for (const subject of rotated(taking, round)) {
        process.stderr.write(`\r\u001b[Kround ${round + 1} of ${rounds}: ${workload.name}, ${subject.name}`);
        try {
          results.add(await measure(workload, subject, round, tools, perSecond));
        } catch (error) {
          const message = `${workload.name} on ${subject.name}: ${String(error)}`;
          if (subject.isPeer !== true) throw new Error(message, { cause: error });
          console.log(`left out, ${message}`);
        }
      }
    }
    afterRound(round);
  }
  process.stderr.write("\r\u001b[K");
  return results;
}

/** Rotates the order, so that no subject is always first. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
