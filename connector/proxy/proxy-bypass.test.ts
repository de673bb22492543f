import { describe, expect, it } from "vitest";
import { parseProxyBypass } from "./proxy-bypass.ts";

describe("NO_PROXY", () => {
  it.each([
    ["*", "any.example", 443, true],
    ["relay.example", "relay.example", 443, true],
    ["relay.example", "eu.relay.example", 443, true],
    ["relay.example", "otherrelay.example", 443, false],
    ["Relay.Example", "RELAY.example.", 443, true],
    [".relay.example", "eu.relay.example", 443, true],
    [".relay.example", "relay.example", 443, false],
    ["*.relay.example", "eu.relay.example", 443, true],
    ["*.relay.example", "relay.example", 443, false],
    ["relay.example:8443", "relay.example", 443, false],
    ["relay.example:8443", "relay.example", 8443, true],
    ["10.0.0.1", "10.0.0.1", 443, true],
    ["10.0.0.1:8443", "10.0.0.1", 443, false],
    ["10.0.0.0/8", "10.9.8.7", 443, true],
    ["10.0.0.0/8", "11.0.0.1", 443, false],
    ["10.0.0.0/8", "relay.example", 443, false],
    ["fd00::/8", "fd00::1", 443, true],
    ["[fd00::1]:443", "fd00:0::1", 443, true],
    ["::1", "127.0.0.1", 443, false],
    ["a, ,other.example , relay.example", "relay.example", 443, true],
    ["a.example relay.example\tb.example", "relay.example", 443, true],
    ["a.example\r\n", "a.example", 443, true],
    ["relay.example.", "relay.example", 443, true],
    ["relay.example.:8443", "relay.example.", 8443, true],
    [".", "relay.example", 443, false],
    ["", "relay.example", 443, false],
    ["][,:,/", "relay.example", 443, false],
  ])("%j and %s:%i: %s", (text, host, port, expected) => {
    expect(parseProxyBypass(text)(host, port)).toBe(expected);
  });
});
