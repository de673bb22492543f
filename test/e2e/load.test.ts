import type { ClientRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, field, openCall } from "../support/calls.ts";
import type { Answer } from "../support/calls.ts";
import type { StormOutcome, StormRequest } from "../support/probe.ts";
import { relayHeapBytes } from "../support/relay-heap.ts";
import { residentBytes, startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

const MIB = 2 ** 20;
/** How many streams one connector accepts at once. */
const STREAM_CREDIT = 512;
/** `npm run soak` has 10,000. */
const CANCELLED_REQUESTS = Number(process.env["SOAK_CANCELS"] ?? 2_000);
const WARM_UP_REQUESTS = 1.5 * CANCELLED_REQUESTS;
/** Many times what leaked streams would take. */
const ALLOWED_GROWTH_BYTES = 32 * MIB;

let system: System;
beforeAll(async () => {
  system = await startSystem({ inspect: true });
});
afterAll(() => system?.stop());

it("carries 512 streams at once on one connector", { timeout: 60_000 }, allAtOnce);

it("answers OVERLOADED beyond that, and serves again once streams end", { timeout: 60_000 }, async () => {
  const held = Array.from({ length: STREAM_CREDIT }, () =>
    openCall(system, { service: "node-api", path: "/hang" }),
  );
  try {
    for (const request of held) request.on("error", () => {}).end();
    await expect.poll(() => system.node.openRequests, { timeout: 20_000 }).toBe(STREAM_CREDIT);

    const refused = await call(system, { service: "node-api", path: "/ok" });
    expect(refused.status).toBe(503);
    expect(field(refused, "culvert-error")).toBe("OVERLOADED");
  } finally {
    await letGo(held);
  }
  expect((await call(system, { service: "node-api", path: "/ok" })).status).toBe(200);
});

it("one caller's held streams cost another no request", { timeout: 60_000 }, async () => {
  const held = Array.from({ length: STREAM_CREDIT + 8 }, () =>
    openCall(system, { service: "node-api", path: "/hang" }),
  );
  try {
    for (const request of held) request.on("error", () => {}).end();
    await expect.poll(() => system.node.openRequests, { timeout: 20_000 }).toBe(STREAM_CREDIT);
    const problems: string[] = [];
    for (let round = 0; round < 3; round++) {
      const others = Array.from({ length: 60 }, () =>
        call(system, { via: "PREVIEW", service: "small-api", path: "/ok" }),
      );
      for (const answer of await Promise.all(others))
        if (field(answer, "culvert-error") !== null) problems.push(answer.body.toString());
    }
    expect(problems).toEqual([]);
  } finally {
    await letGo(held);
  }
});

it(
  `${CANCELLED_REQUESTS} requests opened and cancelled leave nothing behind`,
  { timeout: 240_000 },
  async () => {
    const [connector] = system.connectors;
    if (connector === undefined) throw new Error("no connector");
    // What the processes allocate at their first such load does not count as growth.
    await storm(WARM_UP_REQUESTS / 2);
    const { leastHeapBytes: heapBefore } = await watched(() => storm(WARM_UP_REQUESTS / 2));
    const residentBefore = await residentBytes(connector.pid);

    const {
      outcome,
      leastHeapBytes: heapAfter,
      mostSockets,
    } = await watched(() => storm(CANCELLED_REQUESTS));
    // The credit of cancelled requests returns only after their upstream side has been closed.
    expect(Object.keys(outcome.answered).filter((code) => code !== "OVERLOADED")).toEqual([]);
    expect(outcome.cancelled).toBe(CANCELLED_REQUESTS);
    expect(mostSockets).toBeLessThanOrEqual(STREAM_CREDIT);
    await expect.poll(() => system.node.openRequests, { timeout: 20_000 }).toBe(0);
    expect(heapAfter - heapBefore).toBeLessThan(ALLOWED_GROWTH_BYTES);
    // Includes garbage that was not collected yet.
    expect((await residentBytes(connector.pid)) - residentBefore).toBeLessThan(3 * ALLOWED_GROWTH_BYTES);

    // The credit of every stream is back if as many requests fit again.
    await allAtOnce();
  },
);

/** If the clients only half-close, the runtime notices it at the next write. */
async function letGo(held: readonly ClientRequest[]): Promise<void> {
  for (const request of held) {
    if (request.socket === null) request.destroy();
    else request.socket.resetAndDestroy();
  }
  await expect.poll(() => system.node.openRequests, { timeout: 20_000 }).toBe(0);
}

/** Opens as many requests as one connector accepts, waits until all are at the upstream, and expects an answer to each. */
async function allAtOnce(): Promise<void> {
  const answers = Promise.all(Array.from({ length: STREAM_CREDIT }, held));
  // If not all of them come, nothing waits for their answers.
  answers.catch(() => {});
  try {
    await expect.poll(() => system.node.openRequests, { timeout: 30_000 }).toBe(STREAM_CREDIT);
  } finally {
    system.node.release();
  }
  expect((await answers).filter(({ status }) => status === 200).length).toBe(STREAM_CREDIT);
}

/** The credit of earlier requests may still be on its way. If it were lost, this would never be answered. */
async function held(): Promise<Answer> {
  for (;;) {
    const answer = await call(system, { service: "node-api", path: "/held" });
    if (field(answer, "culvert-error") !== "OVERLOADED") return answer;
    await sleep(50);
  }
}

async function storm(count: number): Promise<StormOutcome> {
  const wanted: StormRequest = {
    via: "TUNNEL",
    url: "http://node-api/hang",
    count,
    concurrency: 200,
    maxMs: 8,
  };
  const response = await fetch(`${system.gatewayUrl}/storm`, {
    method: "POST",
    body: JSON.stringify(wanted),
  });
  return (await response.json()) as StormOutcome;
}

/** Memory in use after a collection is the low of a sawtooth, so take the smallest of many readings. */
async function watched(
  run: () => Promise<StormOutcome>,
): Promise<{ outcome: StormOutcome; leastHeapBytes: number; mostSockets: number }> {
  let leastHeapBytes = Infinity;
  let mostSockets = 0;
  const counting = setInterval(() => (mostSockets = Math.max(mostSockets, system.node.sockets.size)), 5);
  let running = true;
  const watch = async () => {
    while (running) {
      leastHeapBytes = Math.min(leastHeapBytes, await relayHeapBytes(system));
      await sleep(100);
    }
  };
  const watching = watch();
  // It may fail while the load still runs.
  watching.catch(() => {});
  try {
    const outcome = await run();
    running = false;
    await watching;
    return { outcome, leastHeapBytes, mostSockets };
  } finally {
    running = false;
    clearInterval(counting);
    await Promise.allSettled([watching]);
  }
}
