import { describe, expect, it } from "vitest";
import { remedyFor } from "./remedies.ts";

describe("what to do about a check that failed", () => {
  it.each([
    ["UPSTREAM_TLS", "TLS with a failed: CERT_HAS_EXPIRED", /has expired: renew it/],
    ["UPSTREAM_TLS", "TLS with a failed: ERR_TLS_CERT_ALTNAME_INVALID", /for other names/],
    [
      "UPSTREAM_TLS",
      "TLS with a failed: ERR_SSL_WRONG_VERSION_NUMBER",
      /not speak TLS on this port: write http:\/\/a:1$/,
    ],
    ["UPSTREAM_TLS", "TLS with a failed: SELF_SIGNED_CERT_IN_CHAIN", /trust its CA/],
    ["UPSTREAM_NOT_ALLOWED", "a is at an address that is always blocked", /no setting opens/],
    ["UPSTREAM_NOT_ALLOWED", "a is not allowed", /add a:1 to TUNNEL_ALLOW/],
  ] as const)("%s, %s", (outcome, reason, remedy) => {
    expect(remedyFor(outcome, reason, "https://a:1")).toMatch(remedy);
  });
});
