import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { crc32Hex } from "./crc32.ts";
import { SECRET_PATTERN, formatToken, parseToken, withChecksum } from "./token.ts";
import type { Token } from "./token.ts";

const token: Token = {
  relayUrl: "https://culvert.example.workers.dev",
  tunnelId: "tnl_abcdefghij234567abcd",
  kid: "k_abcdefgh2345",
  secret: Uint8Array.from({ length: 32 }, (_, index) => index * 7),
};

describe("formatToken and parseToken", () => {
  it("returns what went in, for any secret", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        const parsed = parseToken(formatToken({ ...token, secret }));
        expect(parsed).toEqual({ ok: true, token: { ...token, secret: new Uint8Array(secret) } });
      }),
    );
  });

  it.each(["http://127.0.0.1:8787", "http://[::1]:8787", "https://relay.example.com"])(
    "carries the relay %s",
    (relayUrl) => {
      expect(parseToken(formatToken({ ...token, relayUrl }))).toEqual({
        ok: true,
        token: { ...token, relayUrl },
      });
    },
  );

  it("is found by the pattern for leak scanners, in the middle of text", () => {
    const text = formatToken(token);
    expect(SECRET_PATTERN.exec(`TUNNEL_TOKEN="${text}"\n`)?.[0]).toBe(text);
  });

  it("refuses a token in which any one character was changed, and never repeats it", () => {
    const text = formatToken(token);
    for (let index = 0; index < text.length; index++) {
      const changed = text.slice(0, index) + (text[index] === "x" ? "y" : "x") + text.slice(index + 1);
      const parsed = parseToken(changed);
      expect(parsed.ok, `character ${index}`).toBe(false);
      expect(JSON.stringify(parsed)).not.toContain(text.slice(20, 60));
    }
  });

  it.each([
    ["nothing", ""],
    ["another prefix", formatToken(token).replace("culvert_", "culvart_")],
    ["a token cut short", formatToken(token).slice(0, -1)],
    ["a trailing line end", `${formatToken(token)}\n`],
    ["a payload of another version", withChecksum(`culvert_${encodeBase64url(new Uint8Array(90).fill(9))}`)],
    ["a payload without names", withChecksum(`culvert_${encodeBase64url(new Uint8Array(90).fill(1))}`)],
  ])("refuses %s", (_, text) => {
    expect(parseToken(text).ok).toBe(false);
  });

  it.each([
    ["a short secret", { secret: new Uint8Array(31) }],
    ["a relay with a path", { relayUrl: "https://relay.example.com/x" }],
    ["a relay with credentials", { relayUrl: "https://u:p@relay.example.com" }],
    ["an id of another form", { tunnelId: "tnl_short" }],
  ])("does not make a token of %s", (_, change) => {
    expect(() => formatToken({ ...token, ...change })).toThrow(RangeError);
  });
});

describe("base64url", () => {
  it("agrees with the platform's and decodes what it encodes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = encodeBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64url"));
        expect(decodeBase64url(text)).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it.each(["A", "AA==", "A+/A", "AB", "ä"])("refuses %s", (text) => {
    expect(decodeBase64url(text)).toBeNull();
  });
});

describe("crc32Hex", () => {
  it("gives the check value of CRC-32/ISO-HDLC", () => {
    expect(crc32Hex("123456789")).toBe("cbf43926");
  });
});

const A_TOKEN = {
  ...{ relayUrl: "https://relay.example", tunnelId: `tnl_${"a".repeat(20)}`, kid: `k_${"b".repeat(12)}` },
  secret: new Uint8Array(32),
};

it.each([
  ["", "is empty"],
  [" \n", "is empty"],
  ['"culvert_x"', "quotes"],
  ["Bearer culvert_x", "Bearer"],
  ["TUNNEL_TOKEN=culvert_x", "NAME=VALUE"],
  ["export TUNNEL_TOKEN=culvert_x", "NAME=VALUE"],
  ["c\0u\0l\0v\0", "UTF-16"],
  ["\uFFFD\uFFFDc\0", "UTF-16"],
  ["\uFEFFculvert_x", "byte order mark"],
  ["culvert_x\u200b", "invisible"],
  ["cul\u2060vert_x", "invisible"],
  [`${formatToken(A_TOKEN)}\u200d`, "invisible"],
  [formatToken(A_TOKEN).repeat(2), "twice"],
  ['{"token":"culvert_x"}', "is JSON"],
  ["https://relay.example", "is a URL"],
  ["culvert_api_abc", "another kind of key"],
  ["culvert_abc\ndef", "wrapped"],
  ["culvert_abc", "cut short"],
  ["hunter2", "not a culvert token"],
])("names the cause if %j is given in place of a token", (text, cause) => {
  const result = parseToken(text);
  expect(result.ok ? "" : result.problem).toContain(cause);
  expect(result.ok ? "" : result.problem).not.toContain("culvert_x");
});
