import { expect, it } from "vitest";
import { reasonOf } from "./way-to-relay.ts";

it.each([
  ["CERT_HAS_EXPIRED", "expired"],
  ["CERT_NOT_YET_VALID", "not valid yet"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "other names"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "not speak TLS"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "NODE_EXTRA_CA_CERTS"],
  ["UNABLE_TO_VERIFY_THE_FIRST_CERTIFICATE", "NODE_EXTRA_CA_CERTS"],
])("%s is told with what helps, and with nothing else", (code, help) => {
  const told = reasonOf(Object.assign(new Error("a text"), { code }));
  expect(told).toContain(code);
  expect(told).toContain(help);
  expect(told.includes("NODE_EXTRA_CA_CERTS")).toBe(help === "NODE_EXTRA_CA_CERTS");
});

it("a reason that needs no help is told as it is", () => {
  expect(reasonOf(Object.assign(new Error("x"), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
  expect(reasonOf("thrown")).toBe("unknown reason");
});
