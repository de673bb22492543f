import { describe, expect, it } from "vitest";
import { formatToken } from "../shared/token.ts";
import { loadConfig } from "./config.ts";
import type { Flags } from "./settings.ts";

const tokenFor = (relayUrl: string) =>
  formatToken({
    relayUrl,
    tunnelId: `tnl_${"a".repeat(20)}`,
    kid: `k_${"b".repeat(12)}`,
    secret: new Uint8Array(32).fill(7),
  });
const TOKEN = tokenFor("https://relay.example");

function load(env: Record<string, string>, flags: Flags = {}, files: Record<string, string> = {}) {
  return loadConfig(flags, env, (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return text;
  });
}

function problemsOf(env: Record<string, string>, flags: Flags = {}, files: Record<string, string> = {}) {
  const result = load(env, flags, files);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("loadConfig", () => {
  it("needs the token alone", () => {
    const result = load({ TUNNEL_TOKEN: TOKEN });
    expect(result).toMatchObject({
      ok: true,
      config: {
        relayUrl: "https://relay.example",
        connections: 1,
        gracePeriodMs: 30_000,
        metrics: { host: "127.0.0.1", port: 20241 },
        logLevel: "info",
        allowsNothing: true,
      },
    });
  });

  it("prefers flags to the environment, and takes the token from a file", () => {
    const result = load(
      {
        TUNNEL_TOKEN_FILE: "/run/token",
        TUNNEL_CONNECTIONS: "2",
        TUNNEL_LOGLEVEL: "warn",
        TUNNEL_METRICS: "0.0.0.0:1",
      },
      { connections: "3", gracePeriod: "1m" },
      { "/run/token": `${TOKEN}\n` },
    );
    expect(result).toMatchObject({
      ok: true,
      config: {
        connections: 3,
        gracePeriodMs: 60_000,
        logLevel: "warn",
        metrics: { host: "0.0.0.0", port: 1 },
      },
    });
  });

  it("reports every problem at once, by the name it was set with, and never the value", () => {
    const problems = problemsOf(
      {
        TUNNEL_TOKEN: `${TOKEN.slice(0, -1)}x`,
        TUNNEL_ALLOW: "bad host,good.internal,x:0",
        TUNNEL_GRACE_PERIOD: "soon",
        TUNNEL_METRICS: "nowhere",
        TUNNEL_LOGLEVEL: "loud",
      },
      { connections: "9", relay: "http://relay.example" },
    );
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "TUNNEL_TOKEN",
      "--relay",
      "TUNNEL_ALLOW",
      "TUNNEL_ALLOW",
      "--connections",
      "TUNNEL_GRACE_PERIOD",
      "TUNNEL_METRICS",
      "TUNNEL_LOGLEVEL",
    ]);
    expect(problems.join("\n")).not.toContain(TOKEN.slice(10, 60));
  });

  it("says what to set when there is no token, and why a file gives none", () => {
    expect(problemsOf({})).toEqual([
      "TUNNEL_TOKEN: set TUNNEL_TOKEN, or TUNNEL_TOKEN_FILE to a file that holds it",
    ]);
    expect(problemsOf({}, { tokenFile: "/none" })).toEqual(["--token-file: cannot be read: ENOENT"]);
  });

  it("sends the token without TLS to this machine only", () => {
    for (const relay of [
      "http://127.0.0.1:8787",
      "http://localhost:8787",
      "http://[::1]:1",
      "https://relay.example",
    ]) {
      expect(load({ TUNNEL_TOKEN: TOKEN, TUNNEL_RELAY: relay }).ok).toBe(true);
    }
    for (const relay of [
      "http://10.0.0.1",
      "http://127.0.0.1.evil.example",
      "https://relay/path",
      "wss://x",
      "x",
    ]) {
      expect(load({ TUNNEL_TOKEN: TOKEN, TUNNEL_RELAY: relay }).ok).toBe(false);
    }
    expect(problemsOf({ TUNNEL_TOKEN: tokenFor("http://relay.example") })).toEqual([
      "TUNNEL_TOKEN: names a relay without TLS",
    ]);
  });
});
