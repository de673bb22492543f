import { describe, expect, it } from "vitest";
import type { Field } from "../protocol/head.ts";
import {
  connectionOptions,
  contentLengthOf,
  dashedName,
  isFieldName,
  isFieldValue,
  isRequestMethod,
  isRequestPath,
  isToken,
  joinCookies,
  removeForbiddenTrailers,
  removeHopByHop,
} from "./fields.ts";

describe("names, values, methods, paths", () => {
  it.each(["GET", "x-y", "!#$%&'*+-.^_`|~09"])("takes %j as a token", (text) => {
    expect(isToken(text)).toBe(true);
  });

  it.each(["", "GE T", "a:b", "a\r", "é", "(x)", "a\u0000", "ſ"])("refuses %j as a token", (text) => {
    expect(isToken(text)).toBe(false);
  });

  it("refuses upper case in a name on the wire", () => {
    expect(isFieldName("x-request-id")).toBe(true);
    expect(isFieldName("X-Request-Id")).toBe(false);
    expect(isFieldName("")).toBe(false);
  });

  it("refuses every control character but the tab in a value", () => {
    for (let code = 0; code < 0x20; code++) {
      expect(isFieldValue(`a${String.fromCharCode(code)}b`)).toBe(code === 9);
    }
    expect(isFieldValue("a\u007fb")).toBe(false);
    expect(isFieldValue("")).toBe(true);
    expect(isFieldValue("naïve \u010d\u010a ✓")).toBe(true);
  });

  it("refuses CONNECT, TRACE and what is no token as a method", () => {
    expect(["GET", "PROPFIND", "get"].every(isRequestMethod)).toBe(true);
    expect(["CONNECT", "TRACE", "GE T", ""].some(isRequestMethod)).toBe(false);
  });

  it("keeps paths that look like something else, and refuses what would end the request line", () => {
    expect(["/", "//host/x", "/a/../b;c=+%2F?q=ü", "/http://x", "/\\x"].every(isRequestPath)).toBe(true);
    expect(["", "*", "http://x/", "\\x", "/a b", "/a\r\nx", "/a\u0000", "/\u007f"].some(isRequestPath)).toBe(
      false,
    );
  });
});

describe("removeHopByHop", () => {
  it("returns the same array when nothing is to be removed", () => {
    const fields: Field[] = [["accept", "*/*"]];
    expect(removeHopByHop(fields)).toBe(fields);
  });

  it("removes hop-by-hop fields and those that Connection names, in any case, from every Connection field", () => {
    const fields: Field[] = [
      ["connection", "close, X-One"],
      ["x-one", "1"],
      ["connection", "x-two,, "],
      ["x-two", "2"],
      ["keep-alive", "timeout=5"],
      ["te", "trailers"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "h2c"],
      ["proxy-authorization", "Basic x"],
      ["proxy-status", "stays"],
      ["x-three", "3"],
    ];
    expect(removeHopByHop(fields)).toEqual([
      ["proxy-status", "stays"],
      ["x-three", "3"],
    ]);
  });

  it("takes time in proportion to the number of Connection fields", () => {
    const fields = Array.from({ length: 40_000 }, (_, index): Field => ["connection", `x-${index}`]);
    const startedMs = performance.now();
    expect(removeHopByHop([...fields, ["x-7", "1"], ["y", "1"]])).toEqual([["y", "1"]]);
    // With a copy of all names for each field, it takes minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("connectionOptions", () => {
  it("never names what is meant for the upstream", () => {
    const meant =
      "Authorization, cookie,HOST, traceparent, tracestate, forwarded, x-forwarded-for, CF-Connecting-IP, via";
    expect([...connectionOptions(`${meant}, close, X-Custom`)]).toEqual(["close", "x-custom"]);
  });
});

it("dashedName reads names as CGI does", () => {
  expect(["x_forwarded_host", "x.forwarded~host", "x-forwarded-host"].map(dashedName)).toEqual(
    Array(3).fill("x-forwarded-host"),
  );
});

describe("contentLengthOf", () => {
  const cases: [string[], number | null | "invalid"][] = [
    [[], null],
    [["0"], 0],
    [["5"], 5],
    [["9007199254740991"], Number.MAX_SAFE_INTEGER],
    [["9007199254740992"], "invalid"],
    [["5, 5"], "invalid"],
    [["5", "5"], "invalid"],
    [["5", "6"], "invalid"],
    [["+5"], "invalid"],
    [[""], "invalid"],
    [["0x5"], "invalid"],
    [["5 "], "invalid"],
  ];
  it.each(cases)("%j gives %j", (values, expected) => {
    expect(contentLengthOf(values.map((value) => ["content-length", value]))).toBe(expected);
  });
});

describe("cookies and trailers", () => {
  it("joins several cookie fields at the place of the first", () => {
    const fields: Field[] = [
      ["a", "1"],
      ["cookie", "x=1"],
      ["b", "2"],
      ["cookie", "y=2"],
    ];
    expect(joinCookies(fields)).toEqual([
      ["a", "1"],
      ["cookie", "x=1; y=2"],
      ["b", "2"],
    ]);
  });

  it("leaves a single cookie field and repeated set-cookie alone", () => {
    const fields: Field[] = [
      ["cookie", "x=1"],
      ["set-cookie", "a"],
      ["set-cookie", "b"],
    ];
    expect(joinCookies(fields)).toBe(fields);
  });

  it("drops trailers that would change framing, routing or meaning", () => {
    expect(
      removeForbiddenTrailers([
        ["content-length", "5"],
        ["x-checksum", "abc"],
        ["set-cookie", "a"],
      ]),
    ).toEqual([["x-checksum", "abc"]]);
  });
});
