import { expect, it } from "vitest";
import { NewerCode } from "./newer-code.ts";

it("is outdated if only other code has called for a minute", () => {
  const code = new NewerCode("a");
  code.called("a", 0);
  code.called(undefined, 0);
  expect(code.isOutdated(600_000)).toBe(false);
  code.called("b", 1_000);
  code.called("b", 60_000);
  expect([code.isOutdated(60_999), code.isOutdated(61_000)]).toEqual([false, true]);
});

it("is not outdated while its own code calls too: two versions are deployed side by side", () => {
  const code = new NewerCode("a");
  for (let second = 0; second < 600; second++) code.called(second % 2 === 0 ? "a" : "b", second * 1_000);
  expect(code.isOutdated(600_000)).toBe(false);
});
