import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLines, lineOf } from "./json-lines.ts";

const FILE = `{
  "version": 1,
  "services": [
    { "name": "a" },

    {
      "name": "b",
      "configurations": [{
        "project": "shop" }]
    }
  ]
}`;

describe("lines of JSON", () => {
  it("are known for each value; a missing value has the line of the object that it belongs to", () => {
    const { lines, faultLine } = jsonLines(FILE);
    expect(faultLine).toBeNull();
    expect(lineOf(lines, "version")).toBe(2);
    expect(lineOf(lines, "services[0].name")).toBe(4);
    expect(lineOf(lines, "services[1]")).toBe(6);
    expect(lineOf(lines, "services[1].endpoint")).toBe(6);
    expect(lineOf(lines, "services[1].configurations[0].project")).toBe(9);
    expect(lineOf(lines, "services[1].configurations[0].accessibleBy[3]")).toBe(8);
    expect(lineOf(lines, "networks[0].hosts")).toBe(1);
    expect(lineOf(lines, "")).toBe(1);
  });

  it.each([
    ["", 1],
    ["{", 1],
    ['{\n "a": 1,\n}', 3],
    ['{\n "a": 01}', 2],
    ["[1,\n2\n3]", 3],
    ["{}\n\nx", 3],
    ['"\n"', 1],
    ["[".repeat(100), 1],
  ])("say where %j stops being JSON", (text, line) => {
    expect(jsonLines(text).faultLine).toBe(line);
  });

  it("accept as JSON what JSON.parse accepts", () => {
    const written = fc.json({ maxDepth: 4 }).map((text) => text);
    const cut = fc.tuple(written, fc.nat(40)).map(([text, at]) => text.slice(0, at));
    fc.assert(
      fc.property(fc.oneof(written, cut, fc.string()), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(jsonLines(text).faultLine === null).toBe(isJson);
      }),
    );
  });
});
