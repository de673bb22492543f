import { describe, expect, it } from "vitest";
import { CHECKS_SETTING, decodeSettings, encodeSettingList, HEALTH_SETTING } from "./handshake.ts";
import { MAX_CHECKS, MAX_CHECKS_BYTES, MAX_SETTINGS_BYTES } from "./limits.ts";
import {
  CHECK_OUTCOMES,
  CheckListReader,
  encodeChecks,
  encodeHealth,
  healthReport,
  outcomeAt,
  readHealth,
} from "./service-checks.ts";

const json = (bytes: number) => `["${"x".repeat(bytes - 4)}"]`;
const VIOLATION = expect.objectContaining({ code: "PROTOCOL_ERROR", scope: "connection" }) as Error;

function part(revision: string, index: number, count: number, bytes = 1): Map<number, Uint8Array> {
  const header = [index >> 8, index & 0xff, count >> 8, count & 0xff];
  const value = Uint8Array.from([
    ...Buffer.from(revision),
    ...header,
    ...Array.from({ length: bytes }, () => 0x20),
  ]);
  return new Map([[CHECKS_SETTING, value]]);
}

describe("a list of checks", () => {
  it.each([4, 100, 4_079, 4_080, 4_081, 8_160, MAX_CHECKS_BYTES])(
    "of %i bytes arrives as it was sent",
    (bytes) => {
      const list = { revision: "0badcafe", json: json(bytes) };
      const reader = new CheckListReader();
      const payloads = encodeChecks(list);
      expect(Math.max(...payloads.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(
        MAX_SETTINGS_BYTES,
      );
      const read = payloads.map((payload) => reader.read(decodeSettings(payload)));
      expect(read.slice(0, -1)).toEqual(payloads.slice(1).map(() => null));
      expect(read.at(-1)).toEqual(list);
    },
  );

  it("replaces one that was incomplete", () => {
    const reader = new CheckListReader();
    const [first = new Uint8Array()] = encodeChecks({ revision: "00000001", json: json(9_000) });
    reader.read(decodeSettings(first));
    const [whole = new Uint8Array()] = encodeChecks({ revision: "00000002", json: "[]" });
    expect(reader.read(decodeSettings(whole))).toEqual({ revision: "00000002", json: "[]" });
  });

  it.each<[string, Map<number, Uint8Array>[]]>([
    ["begins in its middle", [part("00000001", 1, 2)]],
    ["has a part twice", [part("00000001", 0, 3), part("00000001", 1, 3), part("00000001", 1, 3)]],
    ["mixes two revisions", [part("00000001", 0, 2), part("00000002", 1, 2)]],
    ["has a part beyond its end", [part("00000001", 0, 0)]],
    ["is longer than it may be", [part("00000001", 0, 18)]],
    ["has no revision", [part("REVISION", 0, 1)]],
    ["has no header", [new Map([[CHECKS_SETTING, new Uint8Array(11)]])]],
  ])("that %s is a violation", (_what, parts) => {
    const reader = new CheckListReader();
    expect(() => parts.map((settings) => reader.read(settings))).toThrow(VIOLATION);
  });

  it("is not in other settings", () => {
    expect(new CheckListReader().read(new Map([[999, new Uint8Array(1)]]))).toBe(null);
  });
});

describe("a health report", () => {
  it("arrives as it was sent, every outcome", () => {
    const report = healthReport("0badcafe", CHECK_OUTCOMES);
    const read = readHealth(decodeSettings(encodeHealth(report)));
    expect(read).toEqual(report);
    expect(CHECK_OUTCOMES.map((_, at) => outcomeAt(report, at))).toEqual(CHECK_OUTCOMES);
    expect(outcomeAt(report, CHECK_OUTCOMES.length)).toBe("PENDING");
  });

  it("counts a reason that it does not know as a failure", () => {
    expect(outcomeAt({ revision: "0badcafe", codes: Uint8Array.of(200) }, 0)).toBe("INTERNAL");
  });

  it.each([
    ["too short", 7],
    ["too long", 8 + MAX_CHECKS + 1],
    ["without a revision", 9],
  ])("that is %s is a violation", (_what, bytes) => {
    const payload = encodeSettingList([{ id: HEALTH_SETTING, bytes: new Uint8Array(bytes) }]);
    expect(() => readHealth(decodeSettings(payload))).toThrow(VIOLATION);
  });
});
