import { describe, expect, it } from "vitest";
import { identitySchema, keySourceOf } from "./workload-identity.ts";

const { publicKey } = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
  "sign",
  "verify",
])) as CryptoKeyPair;
const JWK = { ...((await crypto.subtle.exportKey("jwk", publicKey)) as object), kid: "cluster-1" };
const GIVEN = { issuer: "https://issuer.example", subjects: ["system:serviceaccount:payments:culvert"] };

async function problemPaths(more: object): Promise<string[] | null> {
  const parsed = identitySchema.safeParse({ ...GIVEN, jwks: { keys: [JWK] }, ...more });
  if (!parsed.success) return parsed.error.issues.map(({ path }) => path.join("."));
  const { jwks, jwksUrl } = parsed.data;
  const source = await keySourceOf({ jwks, jwksUrl });
  return "problems" in source ? source.problems.map(({ path }) => path) : null;
}

describe("an identity", () => {
  it("keeps the public part of its keys, and only usable ones", async () => {
    const jwks = {
      keys: [
        { ...JWK, x5c: ["AA"] },
        { kty: "EC", crv: "P-521", kid: "other", x: "AA", y: "AA" },
      ],
    };
    expect(await keySourceOf({ jwks })).toEqual({
      keySource: {
        ...{ jwksUrl: null, jwks: { keys: [expect.objectContaining({ kid: "cluster-1", kty: "EC" })] } },
      },
    });
    expect(JSON.stringify(await keySourceOf({ jwks }))).not.toContain("x5c");
    expect(await problemPaths({})).toBe(null);
  });

  it.each([
    ["no keys", { jwks: undefined }, ""],
    ["keys in two places", { jwksUrl: "https://issuer.example/jwks" }, ""],
    ["a private key", { jwks: { keys: [{ ...JWK, d: "AA" }] } }, "jwks.keys.0"],
    ["a shared secret", { jwks: { keys: [{ kty: "oct", k: "AA", kid: "a" }] } }, "jwks.keys.0"],
    ["keys of another kind", { jwks: { keys: [{ ...JWK, crv: "P-384" }] } }, "jwks"],
    ["a weak key", { jwks: { keys: [{ kty: "RSA", kid: "a", n: "A".repeat(171), e: "AQAB" }] } }, "jwks"],
    ["a huge key", { jwks: { keys: [{ kty: "RSA", kid: "a", n: "u".repeat(2732), e: "AQAB" }] } }, "jwks"],
    [
      "a huge exponent",
      { jwks: { keys: [{ kty: "RSA", kid: "a", n: "u".repeat(342), e: "u".repeat(342) }] } },
      "jwks",
    ],
    ["keys without an id", { jwks: { keys: [{ ...JWK, kid: undefined }] } }, "jwks"],
    ["two keys of one id", { jwks: { keys: [JWK, JWK] } }, "jwks"],
    ["an empty set", { jwks: { keys: [] } }, "jwks.keys"],
    ["too many keys", { jwks: { keys: Array.from({ length: 21 }, () => JWK) } }, "jwks.keys"],
    ["keys without TLS", { jwks: undefined, jwksUrl: "http://issuer.example/jwks" }, "jwksUrl"],
    ["keys behind a password", { jwks: undefined, jwksUrl: "https://a:b@issuer.example/" }, "jwksUrl"],
    ["no subject", { subjects: [] }, "subjects"],
    ["too many subjects", { subjects: Array.from({ length: 11 }, (_, index) => `s${index}`) }, "subjects"],
    ["a wildcard", { subjects: ["system:serviceaccount:payments:*"] }, "subjects.0"],
    ["an audience that is empty", { audience: "" }, "audience"],
    ["an issuer over lines", { issuer: "https://a\nb" }, "issuer"],
    ["a long issuer", { issuer: "a".repeat(513) }, "issuer"],
  ])("is not made of %s", async (_, more, path) => {
    expect(await problemPaths(more)).toEqual([path]);
  });
});
