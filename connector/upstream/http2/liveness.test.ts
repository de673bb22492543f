import { expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { Liveness } from "./liveness.ts";

function setUp() {
  const clock = new FakeClock();
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${clock.nowMs() / 1_000} s: ${what}`);
  const liveness = new Liveness(clock, {
    onAsk: () => note("asks"),
    onDoubt: (doubtful) => note(doubtful ? "doubts" : "trusts"),
    onDead: (silentMs) => {
      note(`dead, silent for ${silentMs / 1_000} s`);
      liveness.stop();
    },
  });
  return { clock, seen, liveness };
}

it("sends a PING when answers are owed, then doubts the connection, and gives it up in the end", () => {
  const { clock, seen, liveness } = setUp();
  liveness.onRequest();
  clock.advance(60_000);
  expect(seen).toEqual(["5 s: asks", "10 s: doubts", "35 s: dead, silent for 35 s"]);
});

it("is not put off by requests that go on to leave", () => {
  const { clock, seen, liveness } = setUp();
  for (let i = 0; i < 12; i++) {
    liveness.onRequest();
    clock.advance(1_000);
  }
  expect(seen).toEqual(["5 s: asks", "10 s: doubts"]);
});

it("trusts the connection again after any sign of life", () => {
  const { clock, seen, liveness } = setUp();
  liveness.onRequest();
  clock.advance(12_000);
  liveness.onHeard(true);
  clock.advance(10_000);
  expect(seen).toEqual(["5 s: asks", "10 s: doubts", "12 s: trusts"]);
});

it("asks an idle peer once in five minutes, and at once for a new request", () => {
  const { clock, seen, liveness } = setUp();
  liveness.onRequest();
  clock.advance(5_000);
  liveness.onHeard(true);
  clock.advance(299_000);
  expect(seen).toEqual(["5 s: asks"]);
  clock.advance(1_000);
  liveness.onHeard(true);
  clock.advance(5_000);
  liveness.onRequest();
  clock.advance(5_000);
  expect(seen).toEqual(["5 s: asks", "305 s: asks", "315 s: asks"]);
});

it("sends nothing, and keeps no timer for long, if nothing is owed", () => {
  const { clock, seen, liveness } = setUp();
  liveness.onRequest();
  clock.advance(1_000);
  liveness.onHeard(false);
  liveness.onAnswered();
  clock.advance(10_000);
  expect(seen).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
  liveness.onRequest();
  clock.advance(5_000);
  expect(seen).toEqual(["16 s: asks"]);
});

it("doubts the connection at once when a request has timed out, and ends it if nobody waits for it", () => {
  const { clock, seen, liveness } = setUp();
  liveness.onRequest();
  clock.advance(1_000);
  liveness.doubt();
  liveness.onAnswered();
  clock.advance(5_000);
  expect(seen).toEqual(["1 s: asks", "1 s: doubts", "6 s: dead, silent for 6 s"]);
});
