import { expect, it } from "vitest";
import type { TunnelError } from "../../protocol/index.ts";
import { MAX_BEHIND_MS, MAX_TEARDOWNS, STALL_CHECK_MS, STALL_TIMEOUT_MS } from "../../protocol/limits.ts";
import { StallWatch } from "./stall-watch.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { LateClock } from "../../../test/support/late-clock.ts";

interface Waiting {
  stallTimeoutMs: number;
  reset(code: string): void;
}

/** A watch on a clock, and what it did. `answers`: the peer answers each PING at once. */
function watching<C extends LateClock | FakeClock>(clock: C, answers: boolean) {
  const failed: string[] = [];
  const resets: string[] = [];
  const asked: number[] = [];
  const watch: StallWatch<Waiting> = new StallWatch({
    clock,
    ask(id) {
      asked.push(id);
      if (answers) watch.answered(id);
    },
    fail: ({ message }: TunnelError) => failed.push(message),
    isWaiting: () => true,
  });
  const stream = (stallTimeoutMs = 20_000): Waiting => ({
    stallTimeoutMs,
    reset: (code) => resets.push(code),
  });
  return { clock, watch, stream, failed, resets, asked };
}

const EACH = [
  ["a RESET without an answer", "the peer does not answer RESET"],
  ["connection credit that does not come back", "the peer returns no connection credit"],
] as const;

function begin({ watch, stream }: ReturnType<typeof watching>, what: (typeof EACH)[number][0]): void {
  if (what === "a RESET without an answer") watch.awaitTeardown(stream());
  else watch.awaitCredit();
}

it("does not count time in which this process stood still", () => {
  const { clock, watch, stream, resets, failed } = watching(new LateClock(), true);
  const stalled = stream();
  watch.stalled(stalled);
  watch.awaitTeardown(stalled);
  watch.awaitCredit();
  // Three minutes, of which each check knows of five seconds.
  for (let check = 0; check < 3; check++) clock.passed(60_000);
  expect([resets, failed]).toEqual([[], []]);
  for (let check = 3; check < 5; check++) clock.passed(5_000);
  expect(resets).toEqual(["STALLED"]);
  watch.moved(stalled);
  for (let check = 5; check < 14; check++) clock.passed(5_000);
  expect(failed).toEqual(["the peer does not answer RESET"]);
});

it.each(EACH)("%s does not count while the peer reads nothing, for five more minutes", (what, error) => {
  const world = watching(new FakeClock(), false);
  const { clock, failed } = world;
  begin(world, what);
  clock.advance(MAX_BEHIND_MS + STALL_TIMEOUT_MS - STALL_CHECK_MS);
  expect(failed).toEqual([]);
  clock.advance(2 * STALL_CHECK_MS);
  expect(failed).toEqual([error]);
  expect(clock.pendingTimers).toBe(0);
});

it.each(EACH)("%s counts from when the peer reads again", (what, error) => {
  const world = watching(new FakeClock(), false);
  const { clock, watch, failed, asked } = world;
  begin(world, what);
  clock.advance(2 * STALL_TIMEOUT_MS);
  expect(asked).toEqual([1]);
  for (let ms = 0; ms < STALL_TIMEOUT_MS - 2 * STALL_CHECK_MS; ms += STALL_CHECK_MS) {
    watch.answered(asked.at(-1) ?? 0);
    clock.advance(STALL_CHECK_MS);
  }
  expect(failed).toEqual([]);
  for (let step = 0; step < 4; step++) {
    watch.answered(asked.at(-1) ?? 0);
    clock.advance(STALL_CHECK_MS);
  }
  expect(failed).toEqual([error]);
});

it("resets a stream after its limit in time in which the peer reads, not while the peer is behind", () => {
  const { clock, watch, stream, resets, asked } = watching(new FakeClock(), false);
  watch.stalled(stream(300));
  clock.advance(60_000);
  // Its answer proves 300 ms, and so does what came before it.
  expect([resets, asked]).toEqual([[], [1]]);
  watch.answered(1);
  expect(resets).toEqual([]);
  clock.advance(0);
  expect(resets).toEqual(["STALLED"]);
});

it("does not take an old answer for a new one, and asks no more than the peer's budget allows", () => {
  const { clock, watch, stream, asked } = watching(new FakeClock(), true);
  for (let begun = 0; begun < 1_000; begun++) {
    const stalled = stream(1);
    watch.stalled(stalled);
    clock.advance(10);
    watch.moved(stalled);
  }
  expect(asked.length).toBeLessThanOrEqual(10 * 5 + 1);
  const late = watching(new FakeClock(), false);
  late.watch.stalled(late.stream(300));
  late.clock.advance(300);
  late.watch.answered(0);
  late.watch.answered(2);
  late.clock.advance(1_000);
  expect(late.resets).toEqual([]);
});

it("bounds the streams whose RESET is not answered", () => {
  const { watch, stream, failed } = watching(new FakeClock(), false);
  for (let count = 0; count < MAX_TEARDOWNS; count++) watch.awaitTeardown(stream());
  expect(failed).toEqual([]);
  watch.awaitTeardown(stream());
  expect(failed).toEqual(["too many RESETs without an answer"]);
});
