import { describe, expect, it } from "vitest";
import first from "../../test/fixtures/attachments/version-1.json" with { type: "json" };
import released from "../../test/fixtures/attachments/revision-18b23a9.json" with { type: "json" };
import { readAttachment } from "./attachments.ts";

type Fixture = typeof released;
const stored = ({ connector, ...others }: Fixture) => ({
  ...others,
  connector: {
    ...connector,
    health: { ...connector.health, codes: Uint8Array.from(connector.health.codes) },
  },
});
const CURRENT = stored(first);

describe("readAttachment", () => {
  it.each([
    ["revision 18b23a9", stored(released)],
    ["version 1", CURRENT],
  ])("reads what %s wrote", (_version, { connector, gateway, tail }) => {
    for (const one of [connector, gateway, tail]) expect(readAttachment(one)).toBe(one);
    const idle = { ...connector, hello: null, rest: null, health: null };
    expect(readAttachment(idle)).toBe(idle);
    expect(readAttachment({ ...gateway, rest: null })).not.toBe(null);
  });

  it("takes fields that newer code has added", () => {
    for (const one of Object.values(CURRENT)) expect(readAttachment({ ...one, later: 1 })).not.toBe(null);
  });

  it.each([
    null,
    undefined,
    "text",
    {},
    { role: "nobody" },
    { ...CURRENT.tail, version: 2 },
    { ...CURRENT.connector, epoch: "1" },
    { ...CURRENT.connector, rest: { nextId: 1 } },
    { ...CURRENT.gateway, record: null },
    { ...CURRENT.gateway, open: { ...CURRENT.gateway.open, path: undefined } },
  ])("counts a socket as lost if its attachment is %j", (one) => {
    expect(readAttachment(one)).toBe(null);
  });
});
