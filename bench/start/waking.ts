import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Spread, spreadOf } from "../report/statistics.ts";
import type { Subject } from "../subjects/subject.ts";

/** The runtime puts an object to sleep 10 s after it last did anything. */
const ASLEEP_AFTER_MS = 15_000;
const ROUNDS = 5;
/** The second request is the comparison, so the code that a first one runs through must be warm. */
const WARM_UP_REQUESTS = 2_000;

/** How many ms longer the first request to a sleeping object takes than the second, in a process that was running. */
export type Waking = Readonly<Record<string, Spread>>;

/** All subjects sleep at the same time, and are woken one after the other. */
export async function wakings(subjects: readonly Subject[]): Promise<Waking> {
  const extraMs = new Map<string, number[]>();
  for (const subject of subjects) {
    for (let count = 0; count < WARM_UP_REQUESTS; count += 1) await get(subject);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(ASLEEP_AFTER_MS);
    for (const subject of subjects) {
      const [first, second] = [await get(subject), await get(subject)];
      extraMs.set(subject.name, [...(extraMs.get(subject.name) ?? []), first - second]);
    }
  }
  return Object.fromEntries([...extraMs].map(([name, values]) => [name, spreadOf(values)]));
}

/** The time of a request in ms. Each uses a new connection, because the runtime closes idle ones. */
function get({ origin, headers }: Subject): Promise<number> {
  const fromMs = performance.now();
  return new Promise((done, fail) => {
    request(`${origin}/bytes/1024`, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`${origin} answered ${response.statusCode}`));
      response.resume().on("end", () => done(performance.now() - fromMs));
      response.on("error", fail);
    })
      .on("error", fail)
      .end();
  });
}
