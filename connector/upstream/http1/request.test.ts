import { describe, expect, it } from "vitest";
import { bodyFraming, requestHead } from "./request.ts";
import type { LeaseRequest } from "../lease.ts";

function head(request: Partial<LeaseRequest>) {
  return requestHead({ method: "GET", path: "/", host: "api", rawHeaders: [], body: null, ...request });
}

describe("a request's head", () => {
  it("is written unchanged, except for the length, which is the body's", () => {
    const rawHeaders = ["x-a", "1", "content-length", "5", "X-B", "\u00c3\u00bc\t!", "x-a", ""];
    expect(head({ method: "POST", path: "/a?b#\u00c3\u00bc", rawHeaders })).toEqual({
      text:
        "POST /a?b#\u00c3\u00bc HTTP/1.1\r\nhost: api\r\nconnection: keep-alive\r\n" +
        "x-a: 1\r\nX-B: \u00c3\u00bc\t!\r\nx-a: \r\n",
      declaredBytes: 5,
      expectsBody: true,
    });
  });

  const splitting = ["\r", "\n", "\r\nx: y", "\0", "\u010d\u010a", "\u0001", "\x7f"];
  const placed = splitting.flatMap((text): [string, Partial<LeaseRequest>][] => [
    ["method", { method: `GET${text}` }],
    ["path", { path: `/${text}` }],
    ["host", { host: `api${text}` }],
    ["name", { rawHeaders: [`x${text}`, "y"] }],
    ["value", { rawHeaders: ["x", `y${text}`] }],
    ["length", { rawHeaders: ["content-length", `5${text}`] }],
  ]);
  const others: [string, Partial<LeaseRequest>][] = [
    ["path", { path: "/ HTTP/1.1" }],
    ["path", { path: "" }],
    ["method", { method: "" }],
    ["name", { rawHeaders: ["", "y"] }],
    ["name", { rawHeaders: ["x:", "y"] }],
    ["field", { rawHeaders: ["host", "other"] }],
    ["field", { rawHeaders: ["connection", "close"] }],
    ["field", { rawHeaders: ["transfer-encoding", "chunked"] }],
    ["field", { rawHeaders: ["Transfer-Encoding", "chunked"] }],
    ["field", { rawHeaders: ["Content-Length", "5", "content-length", "5"] }],
    ["length", { rawHeaders: ["content-length", "0x5"] }],
  ];
  it.each([...placed, ...others])("is refused with a %s that means something else: %j", (_part, request) => {
    expect(() => head(request)).toThrow(expect.objectContaining({ code: "BAD_REQUEST", notProcessed: true }));
  });

  it("says that there is no body only where a method is expected to have one", () => {
    const framing = (method: string) => bodyFraming(0, head({ method }).expectsBody);
    for (const method of ["POST", "PUT", "PATCH", "QUERY", "PROPFIND"]) {
      expect(framing(method)).toBe("content-length: 0\r\n\r\n");
    }
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "PURGE"]) expect(framing(method)).toBe("\r\n");
    expect(bodyFraming(5, false)).toBe("content-length: 5\r\n\r\n");
    expect(bodyFraming(null, true)).toBe("transfer-encoding: chunked\r\n\r\n");
  });
});
