import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Spread, spreadOf } from "../report/statistics.ts";
import type { Subject } from "../subjects/subject.ts";

/** The runtime puts an object to sleep 10 s after the last thing that it did. */
const ASLEEP_AFTER_MS = 15_000;
const ROUNDS = 5;
/** What the second request is compared with has to be warm: the code that a first one runs through. */
const WARM_UP_REQUESTS = 2_000;

/** Of the first request to an object that slept, in a process that did not: how much longer than the second it takes, in ms. */
export type Waking = Readonly<Record<string, Spread>>;

/** All of them sleep at the same time, and wake one after the other. */
export async function wakings(subjects: readonly Subject[]): Promise<Waking> {
  // Its connections stay: what is measured is the object's waking.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const extraMs = new Map<string, number[]>();
  try {
    for (const subject of subjects) {
      for (let count = 0; count < WARM_UP_REQUESTS; count += 1) await get(subject, agent);
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(ASLEEP_AFTER_MS);
      for (const subject of subjects) {
        const [first, second] = [await get(subject, agent), await get(subject, agent)];
        extraMs.set(subject.name, [...(extraMs.get(subject.name) ?? []), first - second]);
      }
    }
  } finally {
    agent.destroy();
  }
  return Object.fromEntries([...extraMs].map(([name, values]) => [name, spreadOf(values)]));
}

/** How long it took, in ms. */
function get({ origin, headers }: Subject, agent: Agent): Promise<number> {
  const fromMs = performance.now();
  return new Promise((done, fail) => {
    request(`${origin}/bytes/1024`, { agent, headers }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`${origin} answered ${response.statusCode}`));
      response.resume().on("end", () => done(performance.now() - fromMs));
      response.on("error", fail);
    })
      .on("error", fail)
      .end();
  });
}
