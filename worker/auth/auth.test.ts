import { describe, expect, it } from "vitest";
import { SECRET_PATTERN } from "../../shared/tokens/token.ts";
import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import { adminKeyProblem, isAdminKey } from "./admin-key.ts";
import { accessKeyDigest, accessKeyProof, formatAccessKey } from "./access-key.ts";
import { addressBlock } from "./client-address.ts";
import { DUMMY_DIGEST_HEX, equalDigests, sha256Hex } from "./digest.ts";
import { FailureLimiter } from "./failure-limiter.ts";
import { isTunnelId, newKid, newSecret, newTunnelId } from "./random-id.ts";
import { tokenIsLive, verifyGatewayKey, verifyToken } from "./verify-token.ts";

const digest = await sha256Hex(new TextEncoder().encode("abc"));
const other = await sha256Hex(new TextEncoder().encode("abd"));

const config: TunnelConfig = {
  tunnelId: "tnl_abcdefghij234567abcd",
  version: 3,
  deleted: false,
  tokens: [
    { kid: "k_lasting", digestHex: digest, expiresAtMs: null },
    { kid: "k_ending", digestHex: digest, expiresAtMs: 1000 },
  ],
  services: [],
  networks: [],
  gatewayKeys: [{ kid: "k_gateway", digestHex: digest, project: "p", environment: "e" }],
  destinationsRevision: 0,
};

describe("digests", () => {
  it("are SHA-256 in hex", () => {
    expect(digest).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("are equal only in full", () => {
    expect(equalDigests(digest, digest)).toBe(true);
    expect(equalDigests(digest, other)).toBe(false);
    expect(equalDigests(digest, digest.slice(0, 63))).toBe(false);
    expect(equalDigests("", "")).toBe(false);
  });
});

describe("verifyToken", () => {
  it.each([
    ["the right secret", "k_lasting", digest, 5000, true],
    ["a wrong secret", "k_lasting", other, 5000, false],
    ["an unknown token id", "k_unknown", digest, 5000, false],
    ["an unknown token id with the dummy's digest", "k_unknown", DUMMY_DIGEST_HEX, 5000, false],
    ["a token just before its end", "k_ending", digest, 999, true],
    ["a token at its end", "k_ending", digest, 1000, false],
  ])("judges %s", (_, kid, digestHex, nowMs, expected) => {
    expect(verifyToken(config, kid, digestHex, nowMs)).toBe(expected);
  });

  it("knows no token of a deleted tunnel", () => {
    expect(verifyToken({ ...config, tokens: [], deleted: true }, "k_lasting", digest, 0)).toBe(false);
  });
});

describe("tokenIsLive", () => {
  it("ends with revocation and with time", () => {
    expect(tokenIsLive(config, "k_lasting", 5000)).toBe(true);
    expect(tokenIsLive(config, "k_ending", 1000)).toBe(false);
    expect(tokenIsLive({ ...config, tokens: [] }, "k_lasting", 0)).toBe(false);
  });
});

describe("verifyGatewayKey", () => {
  it("returns the caller of a valid key, and null for any other key", () => {
    expect(verifyGatewayKey(config, "k_gateway", digest)).toEqual({ project: "p", environment: "e" });
    expect(verifyGatewayKey(config, "k_gateway", other)).toBeNull();
    expect(verifyGatewayKey(config, "k_unknown", DUMMY_DIGEST_HEX)).toBeNull();
  });
});

describe("access keys", () => {
  const secret = newSecret();
  const kid = newKid();
  const key = formatAccessKey("api", kid, secret);

  it("prove their id and digest", async () => {
    expect(await accessKeyProof("api", key)).toEqual({ kid, digestHex: await accessKeyDigest(secret) });
  });

  it("are of one kind", async () => {
    expect(await accessKeyProof("gateway", key)).toBeNull();
  });

  it("are refused with a wrong checksum", async () => {
    expect(await accessKeyProof("api", key.slice(0, -1) + (key.endsWith("0") ? "1" : "0"))).toBeNull();
  });

  it("are found by the pattern for leak scanners", () => {
    expect(SECRET_PATTERN.exec(`key: ${key};`)?.[0]).toBe(key);
  });
});

describe("random ids", () => {
  it("have their form and do not repeat", () => {
    const ids = Array.from({ length: 100 }, newTunnelId);
    expect(ids.every(isTunnelId)).toBe(true);
    expect(new Set(ids).size).toBe(100);
    expect(newKid()).toMatch(/^k_[a-z2-7]{12}$/);
  });

  it.each(["tnl_", "tnl_ABCDEFGHIJ234567ABCD", "tnl_abcdefghij234567abcd/x", "tnl_abcdefghij234567abcde"])(
    "%s is no tunnel id",
    (text) => {
      expect(isTunnelId(text)).toBe(false);
    },
  );
});

describe("FailureLimiter", () => {
  it("allows a burst of failures, then one a second, and recovers with time", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 60; failure++) expect(limiter.failed(["a"], 0)).toBe(0);
    expect(limiter.failed(["a"], 0)).toBe(1000);
    expect(limiter.failed(["a"], 1000)).toBe(0);
    expect(limiter.failed(["a"], 1000)).toBe(1000);
    expect(limiter.failed(["b"], 1000)).toBe(0);
    expect(limiter.waitMs("a", 100_000)).toBe(0);
  });

  it("does not prolong the wait for somebody who goes on beyond the limit", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 1000; failure++) limiter.failed(["a"], 0);
    expect(limiter.waitMs("a", 0)).toBe(1000);
  });

  it("forgets failures from before the clock was set back", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 60; failure++) limiter.failed(["a"], 3_600_000);
    expect(limiter.failed(["a"], 0)).toBe(0);
  });

  it("counts failures that are reported out of order", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 60; failure++) limiter.failed(["a"], 1_000);
    expect(limiter.failed(["a"], 990)).toBe(1010);
    expect(limiter.failed(["a"], 1_000)).toBe(1000);
  });

  it("counts against each source, and returns the longest wait", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 60; failure++) limiter.failed([`address ${failure}`, "key"], 0);
    expect(limiter.failed(["address 60", "key"], 0)).toBe(1000);
    expect(limiter.failed(["address 60"], 0)).toBe(0);
  });

  it("forgets the source that failed longest ago when there are too many", () => {
    const limiter = new FailureLimiter();
    for (let failure = 0; failure < 60; failure++) limiter.failed(["old"], 0);
    for (let index = 0; index < 10_000; index++) limiter.failed([`address ${index}`], 0);
    expect(limiter.waitMs("old", 0)).toBe(0);
  });
});

describe("addressBlock", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2a06:98c0:3600::103", "2a06:98c0:3600:0::/64"],
    ["2A06:98C0:3600:0000:1:2:3:4", "2a06:98c0:3600:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ])("counts %s as %s", (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });

  it("is short, whatever the input", () => {
    for (const text of ["x".repeat(5000), `${"f:".repeat(5000)}:`, ":".repeat(5000)])
      expect(addressBlock(text).length).toBeLessThanOrEqual(64);
  });
});

describe("the ADMIN_KEY", () => {
  const strong = "0123456789abcdef0123456789abcdef";

  it("is accepted from 32 characters on, and nothing shorter", async () => {
    expect(await isAdminKey(strong, strong)).toBe(true);
    expect(await isAdminKey(`${strong}x`, strong)).toBe(false);
    expect(await isAdminKey("", "")).toBe(false);
    expect(await isAdminKey("", undefined)).toBe(false);
    expect(await isAdminKey(strong.slice(1), strong.slice(1))).toBe(false);
  });

  it("is reported if it is missing or too short, without its value", () => {
    expect(adminKeyProblem(undefined)).toContain("no ADMIN_KEY");
    expect(adminKeyProblem("")).toContain("no ADMIN_KEY");
    expect(adminKeyProblem("hunter2")).toContain("shorter than 32 characters");
    expect(adminKeyProblem("hunter2")).not.toContain("hunter2");
    expect(adminKeyProblem(strong)).toBeNull();
  });
});
