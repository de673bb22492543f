import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  COMMON_TCP_UPSTREAMS,
  type OnSocket,
  startTcpUpstreams,
  type TcpUpstreams,
} from "../support/servers/tcp-upstreams.ts";
import { residentBytes, startSystem, type System } from "../support/system.ts";
import type { TcpObservation, TcpScript } from "../support/tcp-script.ts";

const MIB = 1024 * 1024;
const LARGE_BYTES = 12 * MIB;

/** Every upstream of these tests, by what it does with a connection. */
const UPSTREAMS: Record<string, OnSocket> = {
  ...COMMON_TCP_UPSTREAMS,
  "count-tcp": (socket) => {
    const digest = createHash("sha256");
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      digest.update(chunk);
    });
    socket.on("end", () => {
      // The connector checks its services by connecting, when it likes.
      if (bytes > 0) counted.push({ bytes, sha256: digest.digest("hex") });
      socket.end(`got ${bytes}`);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => counted.push({ bytes, error: error.code ?? "" }));
  },
  "silent-tcp": (socket) => void socket.resume(),
};
const counted: { bytes: number; sha256?: string; error?: string }[] = [];
let upstreams: TcpUpstreams;
let system: System;

beforeAll(async () => {
  upstreams = await startTcpUpstreams(UPSTREAMS);
  const endpoints = { ...upstreams.endpoints, "forbidden-tcp": "tcp://127.0.0.2:5432" };
  system = await startSystem({ endpoints });
});
afterAll(async () => {
  await system?.stop();
  upstreams?.close();
});

async function run({ address, ...rest }: TcpScript): Promise<TcpObservation> {
  // The runtime's own `connect` wants a port.
  const { port } = new URL(rest.how === "connect" ? system.directOrigin(address) : "tcp://x");
  const script = { ...rest, address: port === "" ? address : `${address}:${port}` };
  const response = await fetch(`${system.gatewayUrl}/tcp`, { method: "POST", body: JSON.stringify(script) });
  return (await response.json()) as TcpObservation;
}

function patternDigest(bytes: number): string {
  const chunk = Uint8Array.from({ length: 64 * 1024 }, (_, index) => (index * 7) % 251);
  const digest = createHash("sha256");
  for (let left = bytes; left > 0; left -= chunk.byteLength) digest.update(chunk.subarray(0, left));
  return digest.digest("hex");
}

describe.each(["dial", "connectTcp", "connect"] as const)("a TCP connection by %s", (how) => {
  it("carries every byte of a large transfer both ways at once", async () => {
    const steps = [
      { bytes: LARGE_BYTES, beside: true },
      { read: LARGE_BYTES },
      { do: "end" as const },
      { read: "all" as const },
    ];
    expect(await run({ address: "echo-tcp", how, steps })).toMatchObject({
      ...{ readBytes: LARGE_BYTES, sha256: patternDigest(LARGE_BYTES), end: "clean", writeError: "" },
    });
  });

  it("goes on reading after its own end, of an upstream that speaks first", async () => {
    const steps = [{ read: 11 }, { do: "end" as const }, { read: "all" as const }];
    expect(await run({ address: "greet-tcp", how, steps })).toMatchObject({
      ...{ text: "220 ready\r\n221 bye\r\n", end: "clean" },
    });
  });
});

describe.each(["dial", "connectTcp"] as const)("what %s tells", (how) => {
  it.each([
    ["no-such-tcp", {}, "UNKNOWN_SERVICE", 404],
    ["127.0.0.1:1", {}, "UNKNOWN_SERVICE", 404],
    ["echo-tcp", { via: "STRANGER" }, "ACCESS_DENIED", 403],
    ["echo-tcp", { via: "MISSING" }, "UNKNOWN_TUNNEL", 404],
    ["echo-tcp", { via: "UNATTENDED" }, "NO_CONNECTOR", 503],
    ["closed-tcp", {}, "UPSTREAM_REFUSED", 502],
    ["forbidden-tcp", {}, "UPSTREAM_NOT_ALLOWED", 502],
    ["node-api", {}, "BAD_REQUEST", 400],
  ])("of %s %o: %s", async (address, more, code, status) => {
    const seen = await run({ address, how, steps: [], ...more });
    expect(seen.refused).toMatchObject({ code, status, hasRequestId: true });
  });

  it("is never a clean end where the upstream resets", async () => {
    const steps = [{ read: 7 }, { text: "x" }, { read: "all" as const }];
    expect(await run({ address: "reset-tcp", how, steps })).toMatchObject({ text: "half of", end: "cut" });
  });

  it("is an abort for the upstream, whatever had been sent", async () => {
    counted.length = 0;
    await run({ address: "count-tcp", how, steps: [{ bytes: MIB }, { do: "abort" }] });
    // A gateway that only stops, without an end.
    await run({ address: "count-tcp", how, steps: [{ bytes: MIB }] });
    await vi.waitFor(() => expect(counted).toHaveLength(2), { timeout: 10_000 });
    expect(counted.map(({ error }) => error)).toEqual(["ECONNRESET", "ECONNRESET"]);
  });
});

it("close() of connectTcp resolves when all has been handed on, awaited or not", async () => {
  counted.length = 0;
  const steps = [{ burst: LARGE_BYTES }, { do: "close" as const }];
  expect(await run({ address: "count-tcp", how: "connectTcp", steps })).toMatchObject({ closed: "closed" });
  await vi.waitFor(() => expect(counted).toHaveLength(1), { timeout: 10_000 });
  expect(counted).toEqual([{ bytes: LARGE_BYTES, sha256: patternDigest(LARGE_BYTES) }]);
});

it("names dial() to who fetches from a TCP service", async () => {
  const response = await fetch(`${system.gatewayUrl}/pass/TUNNEL/http://echo-tcp/`);
  expect([response.status, response.headers.get("culvert-error")]).toEqual([400, "BAD_REQUEST"]);
  expect(await response.text()).toContain("dial()");
});

it("never ends cleanly when the connector is killed, or the relay", { timeout: 120_000 }, async () => {
  const own = await startSystem({ endpoints: { "silent-tcp": system.directOrigin("silent-tcp") } });
  try {
    const steps = [{ text: "x" }, { read: "all" as const }];
    const ask = (how: TcpScript["how"]) =>
      fetch(`${own.gatewayUrl}/tcp`, {
        method: "POST",
        body: JSON.stringify({ address: "silent-tcp", how, steps } satisfies TcpScript),
      });
    const waiting = (["dial", "connectTcp"] as const).map(async (how) => (await ask(how)).json());
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    own.connectors[0]?.signal("SIGKILL");
    for (const seen of await Promise.all(waiting)) expect(seen).toMatchObject({ end: "cut" });
    await own.addConnector();
    const last = ask("dial").then(
      async (response) => response.json() as Promise<TcpObservation>,
      () => null,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await own.workerd.kill();
    // The gateway goes with it: what it was doing must not have come to an end.
    expect((await last.catch(() => null))?.end ?? "gone").not.toBe("clean");
  } finally {
    await own.stop();
  }
});

it("carries 500 connections beside each other within the memory there is", { timeout: 180_000 }, async () => {
  const own = await startSystem({
    connectors: 2,
    endpoints: { "echo-tcp": system.directOrigin("echo-tcp") },
  });
  try {
    const bytes = 128 * 1024;
    const steps = [
      { bytes, beside: true },
      { read: bytes },
      { waitMs: 3_000 },
      { do: "end" as const },
      { read: "all" as const },
    ];
    const all = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const body = JSON.stringify({ address: "echo-tcp", how: "dial", steps } satisfies TcpScript);
        return (
          await fetch(`${own.gatewayUrl}/tcp`, { method: "POST", body })
        ).json() as Promise<TcpObservation>;
      }),
    );
    const outcomes = Map.groupBy(
      all,
      ({ refused, end, readBytes }) => refused?.code ?? `${end} ${readBytes}`,
    );
    expect([...outcomes].map(([outcome, { length }]) => [outcome, length])).toEqual([
      [`clean ${bytes}`, 500],
    ]);
    expect(new Set(all.map(({ sha256 }) => sha256))).toEqual(new Set([patternDigest(bytes)]));
    expect(await residentBytes(own.workerd.pid)).toBeLessThan(700 * MIB);
  } finally {
    await own.stop();
  }
});
