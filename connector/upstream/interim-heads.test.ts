import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { InterimBudget } from "./interim-budget.ts";
import { parseAllowlist, UpstreamPolicy } from "./policy.ts";
import { DEFAULT_UPSTREAM } from "./upstream-rules.ts";
import { Upstream } from "./upstream.ts";

const MINUTE_MS = 60_000;
const STEP_MS = 3_000;
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A GET whose upstream is asked for interim heads and a final one by hand; time stands still unless told. */
async function asked(protocol: "http1" | "http2", responseTimeoutMs = MINUTE_MS) {
  const clock = new FakeClock();
  const looks = vi.spyOn(clock, "nowMs");
  const server = protocol === "http1" ? await http1Server() : await http2Server();
  const list = parseAllowlist("127.0.0.1");
  if (!list.ok) throw new Error("no allowlist");
  const upstream = new Upstream({
    policy: new UpstreamPolicy(list.rules),
    limits: new Map(),
    rules: [{ pattern: "*", host: { kind: "any" }, settings: { ...DEFAULT_UPSTREAM, protocol } }],
    clock,
    names: new Names({ clock: nodeClock }),
    reportFault: throwFault,
    memory: memoryOf(),
  });
  closing.push(() => upstream.close());
  const outcome = { status: 0, body: "", ended: false, error: null as TunnelError | null };
  upstream.request(
    {
      ...{ caller: "p\ne", service: "s", target: server.origin, method: "GET", path: "/" },
      ...{ rawHeaders: [], body: null, connectTimeoutMs: MINUTE_MS, responseTimeoutMs },
    },
    {
      onResponse: (status) => void (outcome.status = status),
      onData: (bytes) => void (outcome.body += bytes.toString("latin1")),
      onEnd: () => void (outcome.ended = true),
      onError: (error) => void (outcome.error = error),
      onTornDown: () => {},
    },
  );
  const until = (condition: () => boolean) =>
    vi.waitFor(
      () => {
        // What happens `soon` happens with the clock's next step.
        clock.advance(0);
        expect(condition()).toBe(true);
      },
      { timeout: 15_000, interval: 1 },
    );
  await until(() => server.hasRequest());
  /** Sent, and heard by the exchange, which looks at the time then. */
  const sends = async (status: number): Promise<void> => {
    const before = looks.mock.calls.length;
    server.interim(status);
    await until(() => outcome.error !== null || looks.mock.calls.length > before);
  };
  /** In steps that a PING is answered in. */
  const passes = async (ms: number): Promise<void> => {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      clock.advance(Math.min(leftMs, STEP_MS));
      for (let turns = 0; turns < 5; turns++) await turn();
      await sleep(3);
    }
  };
  return { clock, outcome, until, sends, passes, server };
}

async function http1Server() {
  let socket: Socket | null = null;
  const server = await new ByteServer((from) => (socket = from)).start();
  closing.push(() => server.close());
  return {
    origin: server.origin,
    hasRequest: () => socket !== null,
    interim: (status: number) => void socket?.write(`HTTP/1.1 ${status} x\r\nx-note: y\r\n\r\n`),
    raw: (text: string) => void socket?.write(text),
    answer: () => void socket?.write(OK),
  };
}

async function http2Server() {
  let stream: ServerHttp2Stream | null = null;
  const server = createServer();
  server.on("stream", (opened) => {
    stream = opened;
    stream.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    stream?.session?.destroy();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hasRequest: () => stream !== null,
    interim: (status: number) => stream?.additionalHeaders({ ":status": status }),
    raw: () => {},
    answer: () => {
      stream?.respond({ ":status": 200 });
      stream?.end("ok");
    },
  };
}

describe.each(["http1", "http2"] as const)("over %s, 102", (protocol) => {
  it("restarts the response timeout", async () => {
    const { outcome, until, sends, passes, server } = await asked(protocol);
    for (let minute = 0; minute < 8; minute++) {
      await passes(MINUTE_MS - 1_000);
      await sends(102);
    }
    await passes(MINUTE_MS - 1_000);
    server.answer();
    await until(() => outcome.ended || outcome.error !== null);
    expect(outcome).toMatchObject({ status: 200, body: "ok", error: null });
  });

  it("does so at most ten times", async () => {
    const { clock, outcome, sends } = await asked(protocol, 1_000);
    while (outcome.error === null && clock.nowMs() < MINUTE_MS) {
      await sends(102);
      clock.advance(900);
    }
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT" });
    expect(clock.nowMs()).toBeGreaterThanOrEqual(10_000);
    expect(clock.nowMs()).toBeLessThan(12_000);
  });

  it("is the only one that does", async () => {
    const { outcome, sends, passes } = await asked(protocol);
    await passes(MINUTE_MS - 1_000);
    await sends(103);
    await sends(protocol === "http1" ? 100 : 103);
    expect(outcome.error).toBe(null);
    await passes(1_000);
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT" });
  });
});

describe("informational responses", () => {
  it("are read in any number, at any rate that a server may intend", async () => {
    const { outcome, until, server } = await asked("http1");
    server.raw("HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n".repeat(5_000));
    server.answer();
    await until(() => outcome.ended || outcome.error !== null);
    expect(outcome).toMatchObject({ status: 200, body: "ok", error: null });
  });

  it.each([
    ["number", "HTTP/1.1 102 x\r\n\r\n".repeat(10_001)],
    ["size", `HTTP/1.1 102 x\r\nx: ${"y".repeat(30_000)}\r\n\r\n`.repeat(36)],
  ])("in an endless row are a violation by their %s", async (_what, flood) => {
    const { outcome, until, server } = await asked("http1");
    server.raw(flood);
    server.answer();
    await until(() => outcome.ended || outcome.error !== null);
    expect(outcome.error).toMatchObject({
      code: "UPSTREAM_PROTOCOL",
      message: expect.stringContaining("informational"),
    });
  });

  it("may go on for hours at a modest rate", () => {
    const budget = new InterimBudget();
    const fields = [["x", "y".repeat(500)]] as const;
    let refused = 0;
    for (let second = 0; second < 10 * 3600; second++) {
      for (let head = 0; head < 50; head++) if (!budget.spend(fields, second * 1_000)) refused++;
    }
    expect(refused).toBe(0);
  });
});
