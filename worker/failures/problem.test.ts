import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../shared/protocol/error-code.ts";
import { publicError, TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { problemResponse } from "./problem.ts";
import { failureFacts } from "./tcp-failure.ts";

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** As a connector says it, by a RESET with any code. */
const INTERNALS = [
  "no connection to 10.0.0.5:8080: ECONNREFUSED",
  "payments.corp.internal:443: self-signed certificate of CN=vault.corp.internal",
  "the DNS server 10.0.0.2 says that db.corp.internal does not exist",
  "cannot read /etc/culvert/ca.pem",
];
const NAMED = /10\.0\.0|corp\.internal|\/etc|CN=|ECONN|certificate/;

describe("what gateways learn of a failure", () => {
  it.each(CODES)("is the code's meaning, and nothing about the private network: %s", async (code) => {
    for (const message of INTERNALS) {
      for (const scope of ["stream", "connection"] as const) {
        const error = new TunnelError(code, message, { scope });
        const response = problemResponse(error, "GET", "req-1");
        const answered = JSON.stringify([...response.headers]) + (await response.text());
        expect(answered).not.toMatch(NAMED);
        expect(response.headers.get("culvert-error-detail")).toMatch(/^[A-Z].{20,}[^.]\.$/);
        expect(JSON.stringify(failureFacts(error, "req-1"))).not.toMatch(NAMED);
      }
    }
  });

  it("is the relay's own reason where it has one", async () => {
    const reason = "The service takes bodies of at most 5 bytes.";
    const response = problemResponse(publicError("BODY_TOO_LARGE", reason), "GET", "req-1");
    expect(response.headers.get("culvert-error-detail")).toBe(reason);
    expect(await response.json()).toMatchObject({ detail: reason });
  });
});
