import { describe, expect, it } from "vitest";
import type { Field } from "../../shared/protocol/head.ts";
import {
  rawHeadersOf,
  receivedFields,
  requestFields,
  wantedHost,
  responseFields,
  trailerFields,
  wireText,
} from "./http-fields.ts";

const raw = (...parts: string[]) => receivedFields(parts.map(wireText));

describe("towards the upstream", () => {
  it("writes text beyond ASCII as its UTF-8 bytes, so that no CR or LF can come out of it", () => {
    expect(wireText("plain")).toBe("plain");
    expect(Buffer.from(wireText("ü ✓"), "latin1")).toEqual(Buffer.from("ü ✓", "utf8"));
    const truncating = wireText("\u010d\u010a");
    expect(Buffer.from(truncating, "latin1").some((byte) => byte === 0x0d || byte === 0x0a)).toBe(false);
  });

  it("keeps fields in order and repeated, without host and expect, with cookies joined", () => {
    const fields = requestFields(
      [
        ["x-a", "1"],
        ["host", "evil"],
        ["x-a", "2"],
        ["cookie", "a=1"],
        ["expect", "100-continue"],
        ["cookie", "b=2"],
        ["authorization", "Bearer x"],
      ],
      { methods: null, paths: null },
    );
    expect(rawHeadersOf(fields)).toEqual([
      "x-a",
      "1",
      "x-a",
      "2",
      "cookie",
      "a=1; b=2",
      "authorization",
      "Bearer x",
    ]);
  });

  it("uses the authority that the relay asks for, and ignores invalid ones", () => {
    const wanted = (value: string) => wantedHost([["host", value]]);
    expect(wantedHost([])).toBe(null);
    expect(["api.example:81", "API.example", "[::1]:8"].map(wanted)).toEqual([
      "api.example:81",
      "api.example",
      "[::1]:8",
    ]);
    expect(["a/b", "u@a", "a b", "a:", "", "a\\b"].map(wanted)).toEqual(Array(6).fill(null));
  });

  it("removes fields that name another path if the operator limits paths", () => {
    const fields: Field[] = [
      ["x-original-url", "/admin"],
      ["x_rewrite_url", "/admin"],
      ["x-own", "1"],
    ];
    expect(requestFields(fields, { methods: null, paths: ["/public"] })).toEqual([["x-own", "1"]]);
    expect(requestFields(fields, { methods: null, paths: null })).toEqual(fields);
  });

  it("removes fields that name another method if the operator limits methods", () => {
    const fields: Field[] = [
      ["x-http-method-override", "DELETE"],
      ["x_method_override", "DELETE"],
      ["x-own", "1"],
    ];
    expect(requestFields(fields, { methods: ["POST"], paths: null })).toEqual([["x-own", "1"]]);
    expect(requestFields(fields, { methods: null, paths: ["/"] })).toEqual(fields);
  });
});

describe("from the upstream", () => {
  it("lower-cases names, keeps repeated fields separate, drops hop-by-hop fields and trailing blanks", () => {
    const fields = responseFields(
      200,
      raw(
        "Set-Cookie",
        "a=1",
        "Connection",
        "close, X-Hop",
        "X-Hop",
        "1",
        "SET-COOKIE",
        "b=2 \t",
        "X-U",
        "ü",
      ),
    );
    expect(fields).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-u", "ü"],
    ]);
  });

  it("keeps each byte that is not UTF-8, and decodes the rest", () => {
    const received = (value: string) => receivedFields(["x", value])[0]?.[1];
    expect(received('filename="caf\u00e9.pdf"')).toBe('filename="café.pdf"');
    expect(received("caf\u00c3\u00a9")).toBe("café");
    // Shift-JIS for テスト.
    expect(received("\u0083\u0065\u0083\u0058\u0083\u0067")).toBe("\u0083e\u0083X\u0083g");
    // Valid up to the last byte.
    expect(received("\u00c3\u00a9\u00c3")).toBe("\u00c3\u00a9\u00c3");
    // A surrogate and an overlong slash are no UTF-8.
    expect(received("\u00ed\u00a0\u0080\u00c0\u00af")).toBe("\u00ed\u00a0\u0080\u00c0\u00af");
  });

  it("merges equal lengths, and keeps contradicting ones so that they are refused", () => {
    const length = (...values: string[]) =>
      responseFields(
        200,
        values.map((value) => ["content-length", value]),
      ).map(([, value]) => value);
    expect(length("5")).toEqual(["5"]);
    expect(length("5", "5")).toEqual(["5"]);
    expect(length("5, 5", "5")).toEqual(["5"]);
    expect(length("5, 6")).toEqual(["5, 6"]);
    expect(length("5", "6")).toEqual(["5", "6"]);
    expect(length("5, 05")).toEqual(["5, 05"]);
  });

  it("drops the length of a 204 and of a response with a transfer coding, and keeps every other", () => {
    expect(responseFields(204, raw("Content-Length", "0"))).toEqual([]);
    expect(responseFields(200, raw("Transfer-Encoding", "chunked", "Content-Length", "5"))).toEqual([]);
    expect(responseFields(304, raw("Content-Length", "5"))).toEqual([["content-length", "5"]]);
  });

  it("drops trailers that would change the framing", () => {
    expect(trailerFields(raw("X-Sum", "1", "Content-Length", "5"))).toEqual([["x-sum", "1"]]);
  });
});
