import { expect, it } from "vitest";
import { RESERVED_STREAMS } from "../protocol/limits.ts";
import { StreamLimit } from "./stream-limit.ts";

const party = (project: string) => ({ project, environment: "production", service: "orders" });

it("keeps places for others, however many objects one caller opens streams on", () => {
  const limit = new StreamLimit(536);
  let taken = 0;
  while (limit.take(party("greedy"))) taken++;
  expect([taken, limit.taken]).toEqual([536 - RESERVED_STREAMS, 536 - RESERVED_STREAMS]);
  expect(limit.take(party("other"))).toBe(true);
  limit.release(party("other"));
  for (; taken > 0; taken--) limit.release(party("greedy"));
  expect(limit.taken).toBe(0);
});

it("takes no more than there are places, of whomever", () => {
  const limit = new StreamLimit(3);
  expect(["a", "b", "c", "d"].map((project) => limit.take(party(project)))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
