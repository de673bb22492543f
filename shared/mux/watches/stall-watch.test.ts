import { expect, it } from "vitest";
import type { TunnelError } from "../../protocol/index.ts";
import { StallWatch } from "./stall-watch.ts";
import { LateClock } from "../../../test/support/late-clock.ts";

it("leaves out the time in which this process stood still", () => {
  const clock = new LateClock();
  const failed: string[] = [];
  const fail = ({ message }: TunnelError) => failed.push(message);
  const resets: string[] = [];
  const watch = new StallWatch({ clock, fail, isWaiting: () => true });
  const stream = { stallTimeoutMs: 20_000, reset: (code: string) => resets.push(code) };
  watch.stalled(stream);
  watch.awaitTeardown(stream);
  watch.awaitCredit();
  // Three minutes, of which each check knows of five seconds.
  for (let check = 0; check < 3; check++) clock.passed(60_000);
  expect([resets, failed]).toEqual([[], []]);
  clock.passed(5_000);
  expect(resets).toEqual(["STALLED"]);
  watch.moved(stream);
  for (let check = 4; check < 12; check++) clock.passed(5_000);
  expect(failed).toEqual(["the peer does not answer RESET"]);
});
