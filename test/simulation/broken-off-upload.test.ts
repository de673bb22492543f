import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { memoryOf } from "../support/memory.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { newRecordState, RequestRecord } from "../../worker/events/request-record.ts";
import { Exchange } from "../../worker/exchange/exchange.ts";
import { ReadTurns } from "../../worker/tunnel/connections/read-turns.ts";
import { RequestBody } from "../../worker/exchange/request-body.ts";

/** The runtime keeps errors for a while too. */
const keptErrors: Error[] = [];

async function brokenOff(): Promise<WeakRef<RequestBody>> {
  const reader = {
    read: () => {
      const error = new Error("Network connection lost.");
      keptErrors.push(error);
      throw error;
    },
    cancel: () => Promise.resolve(),
  };
  const request = { body: { getReader: () => reader }, signal: new AbortController().signal };
  const state = newRecordState({
    ...{ requestId: "r", traceId: "", tunnel: "t", project: "p", environment: "e", service: "s" },
    ...{ kind: "http" as const, method: "POST", path: "/", arrivedAtMs: 0 },
  });
  const record = new RequestRecord(
    state,
    () => 0,
    () => {},
  );
  const deps = { memory: memoryOf(), readTurns: new ReadTurns(new FakeClock()) };
  const body = new RequestBody(
    request as unknown as ConstructorParameters<typeof RequestBody>[0],
    null,
    Infinity,
    record,
    deps,
  );
  const exchange = new Exchange(record, () => 0);
  exchange.attach({ closed: false, reset: () => {} } as unknown as Parameters<Exchange["attach"]>[0]);
  await body.feed(exchange);
  return new WeakRef(body);
}

it("the error of a body that its sender broke off keeps nothing of the request", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const bodies = await Promise.all([brokenOff(), brokenOff()]);
  for (let tries = 0; tries < 100 && bodies.some((body) => body.deref() !== undefined); tries++) {
    await sleep(10);
    collectGarbage();
  }
  expect([keptErrors.length, bodies.map((body) => body.deref())]).toEqual([2, [undefined, undefined]]);
});
