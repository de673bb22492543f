import { describe, expect, it } from "vitest";
import { IssuerUnavailable } from "./ask-issuer.ts";
import { IssuerKeys } from "./issuer-keys.ts";

const HOUR_MS = 3_600_000;

async function jwk(kid: unknown, modulusLength = 2048): Promise<Record<string, unknown>> {
  const algorithm = {
    ...{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength },
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const { publicKey } = (await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const exported = (await crypto.subtle.exportKey("jwk", publicKey)) as unknown as Record<string, unknown>;
  return { kty: exported["kty"], n: exported["n"], e: exported["e"], kid };
}

const FIRST = await jwk("first");
const SECOND = { ...FIRST, kid: "second" };

function issuer(document: unknown = { keys: [FIRST] }) {
  const world = { nowMs: 0, asked: 0, isDown: false, document };
  const keys = new IssuerKeys({
    nowMs: () => world.nowMs,
    fetch: async () => {
      world.asked++;
      if (world.isDown) throw new IssuerUnavailable("down");
      return world.document;
    },
  });
  return Object.assign(world, { keys });
}

describe("an issuer's keys", () => {
  it("are fetched once an hour, and soon for a new id, however many ids are made up", async () => {
    const world = issuer();
    for (let count = 0; count < 100; count++) expect(await world.keys.key("first", "RS256")).not.toBeNull();
    for (let count = 0; count < 100; count++) expect(await world.keys.key(`${count}`, "RS256")).toBeNull();
    expect(world.asked).toBe(1);
    world.document = { keys: [FIRST, SECOND] };
    world.nowMs = 11_000;
    expect(await world.keys.key("second", "RS256")).not.toBeNull();
    expect(world.asked).toBe(2);
    world.nowMs += HOUR_MS;
    world.document = { keys: [SECOND] };
    expect(await world.keys.key("first", "RS256")).toBeNull();
    expect(world.asked).toBe(3);
  });

  it("stay valid for a day if the issuer does not answer, and no longer", async () => {
    const world = issuer();
    await world.keys.key("first", "RS256");
    world.isDown = true;
    world.nowMs = 23 * HOUR_MS;
    expect(await world.keys.key("first", "RS256")).not.toBeNull();
    world.nowMs = 24 * HOUR_MS;
    await expect(world.keys.key("first", "RS256")).rejects.toThrow(IssuerUnavailable);
    world.isDown = false;
    world.nowMs += 10_000;
    expect(await world.keys.key("first", "RS256")).not.toBeNull();
  });

  it.each([
    [null],
    [{}],
    [{ keys: "x" }],
    [{ keys: [] }],
    [{ keys: [null, 1, { kid: 1 }, { kid: "a", kty: "oct", k: "AA" }] }],
  ])("are none in %j", async (document) => {
    await expect(issuer(document).keys.key("a", "RS256")).rejects.toThrow(IssuerUnavailable);
  });

  it("are strong, are for signatures, and have the expected algorithm", async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ ...FIRST, kid: `k${index}` }));
    const { keys } = issuer({
      keys: [await jwk("weak", 1024), { ...FIRST, kid: "enc", use: "enc" }, FIRST, ...many],
    });
    expect(await keys.key("first", "RS256")).not.toBeNull();
    for (const kid of ["weak", "enc", "k29", "x".repeat(300)])
      expect(await keys.key(kid, "RS256")).toBeNull();
    expect(await keys.key("first", "ES256")).toBeNull();
  });
});
