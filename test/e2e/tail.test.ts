import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { call } from "../support/calls.ts";
import type { TcpObservation, TcpScript } from "../support/tcp-script.ts";
import {
  COMMON_TCP_UPSTREAMS,
  startTcpUpstreams,
  type TcpUpstreams,
} from "../support/servers/tcp-upstreams.ts";
import { startSystem, type System } from "../support/system.ts";

const WAIT_MS = 30_000;

let system: System;
let tunnelId: string;
let upstreams: TcpUpstreams;
const tails: Child[] = [];

beforeAll(async () => {
  upstreams = await startTcpUpstreams(COMMON_TCP_UPSTREAMS);
  system = await startSystem({ endpoints: upstreams.endpoints });
  ({ tunnelId } = system);
});
afterAll(async () => {
  await Promise.all(tails.map((tail) => tail.stop(1_000)));
  await system?.stop();
  upstreams?.close();
});

function tail(args: readonly string[], key = system.adminKey): Child {
  const child = startChild("tail", process.execPath, [CULVERT_BUNDLE, "tail", ...args], {
    CULVERT_RELAY: system.workerd.url,
    CULVERT_API_KEY: key,
    NO_COLOR: "1",
  });
  tails.push(child);
  return child;
}

/** Sends requests until the watcher shows the first, which means that it is attached. */
async function watching(child: Child, service = "node-api"): Promise<void> {
  await eventually("the watcher to be attached", WAIT_MS, async () => {
    await call(system, { service, path: "/warm-up" });
    return child.lines.some((line) => line.includes("/warm-up"));
  });
}

function eventsOf(child: Child): RequestEvent[] {
  return child.lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as RequestEvent)
    .filter(({ path }) => path !== "/warm-up");
}

describe("culvert tail", () => {
  it("shows each request that matches its filters, as JSON with every field, and closes cleanly", async () => {
    const all = tail(["--tunnel-id", tunnelId, "--json"]);
    const denied = tail(["--tunnel-id", tunnelId, "--json", "--code", "any"]);
    await watching(all);
    await eventually("the other watcher", WAIT_MS, async () => {
      await call(system, { via: "STRANGER", service: "node-api", path: "/warm-up" });
      return denied.lines.length > 0;
    });
    const answered = await call(system, {
      service: "node-api",
      path: "/sink?secret=1",
      method: "POST",
      body: "hello",
    });
    expect(answered.status).toBe(200);
    await call(system, { via: "STRANGER", service: "node-api", path: "/denied" });
    await call(system, { service: "closed-api", path: "/closed" });
    await eventually(
      "all three",
      WAIT_MS,
      async () => eventsOf(all).length === 3 && eventsOf(denied).length === 2,
    );
    const [echo, refusal, failure] = eventsOf(all);
    expect(echo).toMatchObject({
      tunnel: tunnelId,
      project: "my-project",
      environment: "production",
      service: "node-api",
      method: "POST",
      path: "/sink",
      status: 200,
      outcome: "answered",
      code: null,
      attempts: 1,
      requestBytes: 5,
    });
    expect(echo?.upstreamMs).toBeGreaterThan(0);
    expect(refusal).toMatchObject({
      environment: "development",
      code: "ACCESS_DENIED",
      status: 403,
      attempts: 0,
    });
    expect(failure).toMatchObject({ service: "closed-api", code: "UPSTREAM_REFUSED", status: 502 });
    expect(eventsOf(denied).map(({ path }) => path)).toEqual(["/denied", "/closed"]);
    expect([...all.lines, ...denied.lines].join("\n")).not.toContain("secret");
    all.signal("SIGINT");
    denied.signal("SIGTERM");
    expect(await Promise.all([all.exited, denied.exited])).toEqual([0, 0]);
  });

  it("shows a TCP connection as one of its own kind, at its end", async () => {
    const all = tail(["--tunnel-id", tunnelId, "--json", "--service", "echo-tcp"]);
    const lines = tail(["--tunnel-id", tunnelId, "--service", "echo-tcp"]);
    const steps = [{ text: "hello" }, { read: 5 }, { do: "end" as const }, { read: "all" as const }];
    const script: TcpScript = { address: "echo-tcp", how: "dial", steps };
    await eventually("both to show one", WAIT_MS, async () => {
      const init = { method: "POST", body: JSON.stringify(script) };
      const response = await fetch(`${system.gatewayUrl}/tcp`, init);
      expect((await response.json()) as TcpObservation).toMatchObject({ text: "hello", end: "clean" });
      return eventsOf(all).length > 0 && lines.lines.some((line) => line.includes("echo-tcp"));
    });
    expect(eventsOf(all)[0]).toMatchObject({
      ...{ kind: "tcp", method: "CONNECT", path: "", status: 200, outcome: "answered", code: null },
      ...{ requestBytes: 5, responseBytes: 5, endedBy: "gateway" },
    });
    const line = lines.lines.find((text) => text.includes("echo-tcp"));
    expect(line).toMatch(/  200  TCP   echo-tcp  \d+ ms  upstream \d+ ms, 5 B up, 5 B down/);
  });

  it("shows people a line for each, and ends after the given number", async () => {
    const child = tail(["--tunnel-id", tunnelId, "--count", "1"]);
    await eventually("the line", WAIT_MS, async () => {
      await call(system, { service: "node-api", path: "/warm-up" });
      return !child.running();
    });
    expect(await child.exited).toBe(0);
    const shown = child.lines.filter((line) => line.includes("/warm-up"));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3}  \d{3}  GET   node-api\/warm-up  \d+ ms  upstream \d+ ms, 0 B up, /,
    );
  });

  it.each([
    ["an invalid key", () => tail(["--tunnel-id", tunnelId], "wrong"), 3, "does not accept this key"],
    [
      "a tunnel that is not",
      () => tail(["--tunnel-id", "tnl_aaaaaaaaaaaaaaaaaaaa"]),
      4,
      "There is no tunnel",
    ],
    ["a filter that is none", () => tail(["--tunnel-id", tunnelId, "--status", "999"]), 2, "filter"],
    ["a count that is none", () => tail(["--tunnel-id", tunnelId, "--count", "0"]), 2, "from 1"],
  ])("says what is wrong, once: %s", async (_name, start, code, message) => {
    const child = start();
    expect(await child.exited).toBe(code);
    expect(child.lines.join("\n")).toContain(message);
  });
});
