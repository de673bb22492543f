import { expect, it } from "vitest";
import { listMembers, trimBlanks } from "./lists.ts";

it.each([
  ["", ""],
  [" \t", ""],
  ["\t a b \t", "a b"],
  ["a\n", "a\n"],
])("trims %j to %j", (text, trimmed) => {
  expect(trimBlanks(text)).toBe(trimmed);
});

it.each<[string, string[] | null]>([
  ["", []],
  [", ,", []],
  ["a, b", ["a", " b"]],
  ['a; x="1, 2", "b, c"', ['a; x="1, 2"', ' "b, c"']],
  ['"a\\", b", c', ['"a\\", b"', " c"]],
  ["a\\, b", ["a\\", " b"]],
  ['a, "b', null],
  ['"a\\"', null],
])("divides %j", (value, members) => {
  expect(listMembers(value)).toEqual(members);
});

it.each(['"\\', " ", "\t", ",", '"', "\\", "a, "])("reads a long value of %j once", (part) => {
  const value = `x${part.repeat(200_000)}x`;
  const startedMs = performance.now();
  trimBlanks(value);
  listMembers(value);
  // Whoever begins anew at each blank or quote takes minutes.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
