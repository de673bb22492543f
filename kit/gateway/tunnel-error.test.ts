import { describe, expect, it } from "vitest";
import { publicError, TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { PUBLIC_CODES } from "../../shared/protocol/public-code.ts";
import { problemResponse } from "../../worker/failures/problem.ts";
import { tunnelError } from "./index.ts";

describe("tunnelError", () => {
  it.each(PUBLIC_CODES)("reads the relay's response with %s without touching its body", async (code) => {
    const response = problemResponse(publicError(code, "because of ü\r\nthis"), "GET", "req-1");
    expect(tunnelError(response)).toMatchObject({
      code,
      status: response.status,
      requestId: "req-1",
      detail: "because of ???this",
    });
    expect(await response.json()).toMatchObject({ code, detail: "because of ü\r\nthis" });
  });

  it("reads the response to a HEAD, which has no body", () => {
    const response = problemResponse(publicError("NO_CONNECTOR", "nobody is here"), "HEAD", "req-1");
    expect(tunnelError(response)).toMatchObject({
      code: "NO_CONNECTOR",
      detail: "nobody is here",
      retryable: true,
    });
  });

  it.each(["CONNECTOR_LOST", "RELAY_RESTART", "UPSTREAM_RESPONSE_TIMEOUT", "UPSTREAM_PROTOCOL"] as const)(
    "does not call %s retryable: the upstream may have received the request",
    (code) => {
      expect(tunnelError(problemResponse(new TunnelError(code, ""), "POST", "r"))?.retryable).toBe(false);
    },
  );

  it("is null for a response of the API itself, and UNKNOWN for a code of a later version", () => {
    expect(tunnelError(new Response(null, { status: 503 }))).toBe(null);
    const later = new Response(null, { status: 502, headers: { "culvert-error": "SOMETHING_NEW" } });
    expect(tunnelError(later)).toMatchObject({ code: "UNKNOWN", requestId: null, retryable: false });
  });
});
