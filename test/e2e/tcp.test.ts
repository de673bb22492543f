import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  COMMON_TCP_UPSTREAMS,
  type OnSocket,
  startTcpUpstreams,
  type TcpUpstreams,
} from "../support/servers/tcp-upstreams.ts";
import { startStuckListener, type StuckListener } from "../support/servers/stuck-listener.ts";
import { relayHeapBytes } from "../support/relay-heap.ts";
import { startSystem, type System } from "../support/system.ts";
import type { TcpObservation, TcpScript, UnawaitedTcpWrite } from "../support/tcp-script.ts";

const MIB = 1024 * 1024;
const LARGE_BYTES = 12 * MIB;
/** The platform's memory limit for an isolate, garbage included. */
const ISOLATE_BYTES = 128 * MIB;
const WAIT = { timeout: 30_000, interval: 20 };

/** Every upstream of these tests, named by what it does with a connection. */
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
      // The connector checks its services by connecting, at any time.
      if (bytes > 0) counted.push({ bytes, sha256: digest.digest("hex") });
      socket.end(`got ${bytes}`);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => counted.push({ bytes, error: error.code ?? "" }));
  },
  "silent-tcp": (socket) => void socket.resume(),
  /** Ends before its first byte. */
  "empty-tcp": (socket) => void socket.end(),
  /** Half-closes, and resets when it receives anything. */
  "end-then-reset-tcp": (socket) => {
    socket.end("all of it");
    socket.once("data", () => socket.resetAndDestroy());
  },
  /** Waits until the other end has ended, then breaks off in the middle of its answer. */
  "half-close-reset-tcp": (socket) => {
    socket.resume();
    socket.on("end", () => socket.write("half of", () => socket.resetAndDestroy()));
  },
  /** Sends one byte at a time. */
  "trickle-tcp": (socket) => {
    let left = 40;
    const timer = setInterval(() => (--left > 0 ? socket.write("x") : socket.end("x")), 5);
    socket.on("close", () => clearInterval(timer));
    socket.resume();
  },
  /** Answers, and then sends nothing more. */
  "half-tcp": (socket) => {
    socket.once("data", () => socket.write("the first", () => standing.push(socket.remotePort ?? 0)));
    socket.resume();
  },
  /** Never reads. */
  "deaf-tcp": (socket) => void socket.pause(),
};
/** Additional settings of some services. */
const RULES: Record<string, object> = {
  "deaf-tcp": { stallTimeoutMs: 1_000 },
  "idle-tcp": { idleTimeoutMs: 300 },
  "stuck-tcp": { connectTimeoutMs: 400 },
};
/** Connections that have received the first half. */
const standing: number[] = [];
const counted: { bytes: number; sha256?: string; error?: string }[] = [];
let upstreams: TcpUpstreams;
let stuck: StuckListener;
let system: System;

beforeAll(async () => {
  upstreams = await startTcpUpstreams(UPSTREAMS);
  stuck = await startStuckListener();
  const endpoints: Record<string, string> = {
    ...upstreams.endpoints,
    "forbidden-tcp": "tcp://127.0.0.2:5432",
    "blocked-tcp": "tcp://169.254.169.254:80",
    "stuck-tcp": `tcp://127.0.0.1:${stuck.port}`,
    "idle-tcp": upstreams.endpoints["silent-tcp"] ?? "",
  };
  const services = Object.entries(RULES).map(([name, rules]) => {
    const endpoint = endpoints[name] ?? "";
    delete endpoints[name];
    return { name, endpoint, ...rules };
  });
  system = await startSystem({ connectors: 2, inspect: true, endpoints, services });
});
afterAll(async () => {
  await system?.stop();
  await stuck?.close();
  upstreams?.close();
});

async function run({ address, ...rest }: TcpScript): Promise<TcpObservation> {
  // The runtime's own `connect` requires a port.
  const { port } = new URL(rest.how === "connect" ? system.directOrigin(address) : "tcp://x");
  const script = { ...rest, address: port === "" ? address : `${address}:${port}` };
  const response = await fetch(`${system.gatewayUrl}/tcp`, { method: "POST", body: JSON.stringify(script) });
  return (await response.json()) as TcpObservation;
}

function eventsOf(service: string): { service?: string }[] {
  const lines = system.workerd.logs().split("\n");
  return lines
    .filter((line) => line.startsWith("{") && line.includes(service))
    .map((line) => JSON.parse(line) as object);
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
    ["blocked-tcp", {}, "UPSTREAM_NOT_ALLOWED", 502],
    ["stuck-tcp", {}, "UPSTREAM_CONNECT_TIMEOUT", 504],
    ["node-api", {}, "BAD_REQUEST", 400],
  ])("of %s %o: %s", async (address, more, code, status) => {
    const seen = await run({ address, how, steps: [], ...more });
    expect(seen.refused).toMatchObject({ code, status, hasRequestId: true });
  });

  it("is never a clean end if the upstream resets", async () => {
    const steps = [{ read: 7 }, { text: "x" }, { read: "all" as const }];
    expect(await run({ address: "reset-tcp", how, steps })).toMatchObject({ text: "half of", end: "cut" });
  });

  it("is a clean end if the upstream ends before its first byte, or sends a byte at a time", async () => {
    const steps = [{ read: "all" as const }, { do: "end" as const }];
    expect(await run({ address: "empty-tcp", how, steps })).toMatchObject({ end: "clean", readBytes: 0 });
    const seen = await run({ address: "trickle-tcp", how, steps });
    expect(seen).toMatchObject({ end: "clean", text: "x".repeat(40), writeError: "" });
  });

  it("is never a clean end if the upstream resets after the gateway's own end", async () => {
    const steps = [{ text: "x" }, { do: "end" as const }, { read: "all" as const }];
    const seen = await run({ address: "half-close-reset-tcp", how, steps });
    // A reset may overtake the bytes before it.
    expect(["half of", ""]).toContain(seen.text);
    expect(seen.end).toBe("cut");
  });

  it("is the upstream's end, and then a writer that rejects, if it half-closes and then resets", async () => {
    const steps = [{ read: "all" as const }, { bytes: LARGE_BYTES }];
    const seen = await run({ address: "end-then-reset-tcp", how, steps });
    expect(seen).toMatchObject({ text: "all of it", end: "clean" });
    expect(seen.writeError).toContain("UPSTREAM_PROTOCOL");
  });

  it.each([
    ["deaf-tcp", [{ bytes: 2 * LARGE_BYTES }], "UPSTREAM_RESPONSE_TIMEOUT"],
    ["idle-tcp", [{ text: "x" }, { read: "all" }], "UPSTREAM_RESPONSE_TIMEOUT"],
  ] as const)("is a cut if %s moves nothing for too long", async (address, steps, code) => {
    const seen = await run({ address, how, steps });
    expect(`${seen.end} ${seen.writeError}`).toMatch(/^cut|Error/);
    const cut = { kind: "tcp", service: address, outcome: "aborted", code };
    await vi.waitFor(() => expect(eventsOf(address)).toContainEqual(expect.objectContaining(cut)), WAIT);
  });

  it("is an abort for the upstream, whatever was sent before", async () => {
    counted.length = 0;
    await run({ address: "count-tcp", how, steps: [{ bytes: MIB }, { do: "abort" }] });
    // A gateway that stops without ending the connection.
    await run({ address: "count-tcp", how, steps: [{ bytes: MIB }] });
    await vi.waitFor(() => expect(counted).toHaveLength(2), { timeout: 10_000 });
    expect(counted.map(({ error }) => error)).toEqual(["ECONNRESET", "ECONNRESET"]);
  });
});

it("close() of connectTcp resolves when everything was passed on, awaited or not", async () => {
  counted.length = 0;
  const steps = [{ burst: LARGE_BYTES }, { do: "close" as const }];
  expect(await run({ address: "count-tcp", how: "connectTcp", steps })).toMatchObject({ closed: "closed" });
  await vi.waitFor(() => expect(counted).toHaveLength(1), { timeout: 10_000 });
  expect(counted).toEqual([{ bytes: LARGE_BYTES, sha256: patternDigest(LARGE_BYTES) }]);
});

describe("a write that the gateway does not await", () => {
  const write = async (isKept: boolean) => {
    counted.length = 0;
    const wanted: UnawaitedTcpWrite = { address: "count-tcp", bytes: LARGE_BYTES, isKept };
    const body = JSON.stringify(wanted);
    const response = await fetch(`${system.gatewayUrl}/tcp-unawaited`, { method: "POST", body });
    expect(await response.text()).toBe("stands");
    await vi.waitFor(() => expect(counted).toHaveLength(1), WAIT);
    return counted;
  };

  it("arrives completely if waitUntil keeps it", async () => {
    expect(await write(true)).toEqual([{ bytes: LARGE_BYTES, sha256: patternDigest(LARGE_BYTES) }]);
  });

  it("is lost with the invocation otherwise, and the upstream does not take it for complete", async () => {
    const [lost] = await write(false);
    expect(lost?.error).toBe("ECONNRESET");
    expect(lost?.bytes).toBeLessThan(LARGE_BYTES);
  });
});

describe("TLS from inside a Worker", () => {
  const connectWith = (tls: "on" | "starttls") =>
    run({ address: "echo-tcp", how: "connect", tls, steps: [{ text: "x" }, { read: "all" }] });

  it("is refused if the gateway wants it from the start", async () => {
    const { refused } = await connectWith("on");
    expect(refused?.message).toContain("TLS");
  });

  it("cuts the connection if it should begin later", async () => {
    const seen = await connectWith("starttls");
    expect(seen).toMatchObject({ end: "cut", closed: "rejected" });
    expect(seen.writeError).toContain("startTls");
  });
});

it("points to dial() if a gateway fetches from a TCP service", async () => {
  const response = await fetch(`${system.gatewayUrl}/pass/TUNNEL/http://echo-tcp/`);
  expect([response.status, response.headers.get("culvert-error")]).toEqual([400, "BAD_REQUEST"]);
  expect(await response.text()).toContain("dial()");
});

it("answers a byte at a time, two hundred times", async () => {
  expect(await run({ address: "echo-tcp", how: "connectTcp", steps: [{ echo: 200 }] })).toMatchObject({
    ...{ writeError: "", end: "open" },
  });
});

it("carries 500 connections at the same time within the memory budget", { timeout: 180_000 }, async () => {
  // More than a stream's first windows.
  const bytes = 96 * 1024;
  const waiting: ServerResponse[] = [];
  const gate = createServer((_, response) => void waiting.push(response)).listen(0, "127.0.0.1");
  await once(gate, "listening");
  try {
    const { port } = gate.address() as AddressInfo;
    const steps = [
      { bytes, beside: true },
      { fetch: `http://127.0.0.1:${port}/` },
      { read: bytes },
      { do: "end" as const },
      { read: "all" as const },
    ];
    const all: ReturnType<typeof run>[] = [];
    const settled: Promise<unknown>[] = [];
    let over = 0;
    // A few at a time. On a slow machine, all at once would take longer than opening a connection may take.
    while (all.length < 500) {
      const some = Array.from({ length: 20 }, () => run({ address: "echo-tcp", how: "dial", steps }));
      settled.push(...some.map((one) => one.then(() => over++).catch(() => over++)));
      all.push(...some);
      // Connections that are refused or cut before their turn are reported below.
      await vi.waitFor(() => expect(waiting.length + over).toBe(all.length), {
        timeout: 60_000,
        interval: 10,
      });
    }
    // All are open, and nobody reads.
    expect(await relayHeapBytes(system)).toBeLessThan(ISOLATE_BYTES);
    for (const response of waiting) response.end();
    await Promise.all(settled);
    const outcomes = Map.groupBy(
      await Promise.all(all),
      ({ refused, end, readBytes, sha256 }) => refused?.code ?? `${end} ${readBytes} ${sha256}`,
    );
    expect([...outcomes].map(([outcome, { length }]) => [outcome, length])).toEqual([
      [`clean ${bytes} ${patternDigest(bytes)}`, 500],
    ]);
  } finally {
    gate.closeAllConnections();
    gate.close();
  }
});

it("never ends cleanly when the connectors are killed, or the relay", { timeout: 120_000 }, async () => {
  if (system.connectors.every((connector) => !connector.running())) await system.addConnector();
  const steps = [{ text: "x" }, { read: "all" as const }];
  const ask = (how: TcpScript["how"]) => run({ address: "half-tcp", how, steps });
  standing.length = 0;
  const waiting = (["dial", "connectTcp"] as const).map(ask);
  await vi.waitFor(() => expect(standing).toHaveLength(2), WAIT);
  for (const connector of system.connectors) connector.signal("SIGKILL");
  for (const seen of await Promise.all(waiting))
    expect(seen).toMatchObject({ text: "the first", end: "cut" });
  await system.addConnector();
  // The gateway restarts with the relay. What it was doing must not look like a clean end.
  const last = ask("dial").catch(() => null);
  await vi.waitFor(() => expect(standing).toHaveLength(3), WAIT);
  await system.workerd.kill();
  expect((await last)?.end ?? "gone").not.toBe("clean");
});
