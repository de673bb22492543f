import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ELSEWHERE, FIXED_LIMITS, LIMITS } from "./fixed/index.ts";
import { Constants } from "./read-constants.ts";
import { connectorRows, servicesFileRows, upstreamRows } from "./settable.ts";
import { amount } from "./units.ts";

const root = join(import.meta.dirname, "../..");
const constants = new Constants(root);

describe("the page of limits", () => {
  it("contains each limit of the protocol once", () => {
    const shown = FIXED_LIMITS.flatMap(({ limits }) => limits)
      .filter(({ file }) => file === LIMITS)
      .map(({ constant }) => constant);
    expect([...shown, ...ELSEWHERE].toSorted()).toEqual(constants.namesIn(LIMITS).toSorted());
  });

  it("names constants that exist", () => {
    for (const { limits } of FIXED_LIMITS) {
      for (const { file, constant } of limits) expect(constants.valueOf(file, constant)).toBeGreaterThan(0);
    }
  });

  it("contains the ranges of settings, and their defaults", () => {
    const rows = [...servicesFileRows(), ...connectorRows(), ...upstreamRows()].map((row) => row.join(" | "));
    expect(rows).toContain(
      "`services[].stallTimeoutMs` | 1 ms to 1 h | the connector's `TUNNEL_STALL_TIMEOUT`: 5 min",
    );
    expect(rows).toContain("`stallTimeout`, `TUNNEL_STALL_TIMEOUT` | 1 ms to 1 h | 5 min");
    expect(rows).toContain("`connectTimeout` | 1 ms to 10 min | 10 s");
    expect(rows).toContain("`networks[].hosts[]` | at most 260 characters | –");
  });
});

describe("constants", () => {
  const directory = mkdtempSync(join(tmpdir(), "culvert-limits-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  writeFileSync(
    join(directory, "a.ts"),
    `import { B } from "./b.ts";
export const PLAIN = 1_000;
const SUM = 2 * (B + PLAIN) / 4 - 0x10;
const SHARE: number = 3 / 4;
const OTHER = Math.ceil(PLAIN);
`,
  );
  writeFileSync(join(directory, "b.ts"), "export const B =\n  24 * 1024;\n");
  const read = new Constants(directory);

  it.each([
    ["PLAIN", 1_000],
    ["B", 24_576],
    ["SUM", 12_772],
    ["SHARE", 0.75],
  ])("%s is %d", (name, value) => {
    expect(read.valueOf("a.ts", name)).toBe(value);
  });

  it("that are missing or are not plain numbers are errors", () => {
    expect(() => read.valueOf("a.ts", "GONE")).toThrow("a.ts has no constant GONE");
    expect(() => read.valueOf("a.ts", "OTHER")).toThrow("no plain number");
  });
});

it.each([
  [16 * 1024 * 1024, "bytes", "16 MiB"],
  [1_179_648, "bytes", "1,152 KiB"],
  [123, "bytes", "123 bytes"],
  [90_000, "ms", "90 s"],
  [1_500, "ms", "1.5 s"],
  [250, "ms", "250 ms"],
  [3_600, "s", "1 h"],
  [16_384, "characters", "16,384 characters"],
  [1_024, "count", "1,024"],
] as const)("%d %s is %s", (value, unit, text) => {
  expect(amount(value, unit)).toBe(text);
});
