import { describe, expect, it } from "vitest";
import { parseEndpoint, parseHostPattern } from "./upstream-address.ts";

describe("parseEndpoint", () => {
  it.each([
    ["http://payments.internal:8080", { origin: "http://payments.internal:8080", pathPrefix: "" }],
    ["HTTPS://Payments.Internal:443/", { origin: "https://payments.internal", pathPrefix: "" }],
    ["http://payments.internal/api/v2/", { origin: "http://payments.internal", pathPrefix: "/api/v2" }],
    ["http://[FD00:0::1]:81/a", { origin: "http://[fd00::1]:81", pathPrefix: "/a" }],
  ])("reads %s in its one spelling", (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });
});

describe("parseHostPattern", () => {
  it.each([
    ["External-API.local:8080", { wildcard: false, host: "external-api.local", ports: [8080] }],
    ["*.Corp.internal:443", { wildcard: true, host: "corp.internal", ports: [443] }],
    ["db.internal", { wildcard: false, host: "db.internal", ports: [80, 443] }],
    ["[FD00:0::1]:81", { wildcard: false, host: "[fd00::1]", ports: [81] }],
    ["0x7f.1:80", { wildcard: false, host: "127.0.0.1", ports: [80] }],
  ])("reads %s in the spelling of a request's URL", (text, pattern) => {
    expect(parseHostPattern(text)).toEqual(pattern);
  });
});
