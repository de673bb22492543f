import fc from "fast-check";
import { expect, it } from "vitest";
import { repeatedKey } from "./repeated-key.ts";

it.each([
  ['{"a":1,"a":2}', "a", 1],
  ['{"x":{"b":1,\n"c":[{"d":1},{"d":2}],\n"b":2}}', "b", 3],
  [String.raw`{"a":1,"\u0061":2}`, "a", 1],
  [String.raw`{"a\"":"}","q":[","],"a\"":0}`, 'a"', 1],
  ['{"__proto__":1,"__proto__":2}', "__proto__", 1],
])("finds the second of %s", (text, key, line) => {
  expect(repeatedKey(text)).toEqual({ key, line });
});

it("finds none if JSON.parse loses nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(repeatedKey(JSON.stringify(value, null, 1))).toBe(null);
    }),
  );
});
