import { expect, it } from "vitest";
import * as z from "zod";
import { problemsOf } from "./problems.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(3),
  count: z.int().min(2),
  mode: z.enum(["a", "b"]),
  list: z.array(z.string()).min(1),
  map: z.record(z.string(), z.boolean()),
  own: z.string().regex(/^x/, "must begin with x"),
});

function found(value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return error === undefined ? [] : problemsOf(error).map(({ path, message }) => `${path} ${message}`);
}

it("says what to write, and never what was written", () => {
  expect(
    found({ name: "", count: 1, mode: "secret", list: [], map: { a: "secret" }, own: "secret" }),
  ).toEqual([
    "name must have at least 1 character",
    "count must be at least 2",
    "mode must be one of a, b",
    "list must have at least 1 entry",
    "map.a must be true or false",
    "own must begin with x",
  ]);
  expect(found({ name: 7, count: 2.5, mode: null, list: "x", map: [], own: "x", more: 1 })).toEqual([
    "name must be text, in quotes",
    "count must be a whole number",
    "mode must be one of a, b",
    "list must be a list",
    "map must be keys with values",
    "more unknown key",
  ]);
  expect(found({ name: "long", count: 2, mode: "a", map: {}, own: "x" })).toEqual([
    "name must have at most 3 characters",
    "list is missing: it must be a list",
  ]);
});
