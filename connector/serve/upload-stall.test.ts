import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { OpenHead } from "../../shared/protocol/head.ts";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { SimPair, SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { TcpConnections } from "../upstream/tcp-connections.ts";
import { parseAllowlist, UpstreamPolicy } from "../upstream/policy.ts";
import { Upstream } from "../upstream/upstream.ts";
import { HttpStream } from "./serve-http.ts";

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const LIMIT_MS = 5 * MINUTE_MS;

describe("an upload", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** To an upstream that takes the connection and reads nothing by itself. */
  async function uploading(open: Partial<OpenHead>, sentBytes: number) {
    const server = createServer((socket) => {
      socket.pause();
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    closing.push(() => server.close());
    const allow = parseAllowlist("127.0.0.1");
    if (!allow.ok) throw new Error("no allowlist");
    const policy = new UpstreamPolicy(allow.rules);
    const pair: SimPair = new SimPair({
      onStream(stream) {
        const { clock } = pair;
        const deps = {
          policy,
          limits: new Map(),
          rules: [],
          clock,
          names: new Names({ clock: nodeClock }),
          reportFault: throwFault,
          memory: memoryOf(),
        };
        const upstream = new Upstream(deps);
        return new HttpStream(stream, {
          ...deps,
          upstream,
          tcpConnections: new TcpConnections(),
          trace: () => null,
          onFinished: () => {},
        });
      },
    });
    let closed: TunnelError | null | undefined;
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stream = pair.relay.open({ ...SOME_REQUEST, target, ...open }, false, {
      onReadable() {},
      onWritable() {},
      onClosed: (error) => (closed = error),
    });
    stream.write(new Uint8Array(sentBytes));
    const passes = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
        pair.clock.advance(1_000);
        await turn();
      }
    };
    await vi.waitFor(async () => {
      await passes(10);
      expect(await Promise.race([accepted, turn(null)])).not.toBe(null);
    });
    const [socket] = await accepted;
    closing.push(() => socket.destroy());
    // What the kernels' buffers take, they take before the time that is measured.
    for (let round = 0; round < 500; round++) {
      pair.clock.advance(1);
      await turn();
    }
    return { pair, stream, socket, passes, closed: () => closed };
  }

  const SIZED: Partial<OpenHead> = { fields: [["content-length", String(16 * MIB)]] };

  it.each([
    ["by the default", SIZED, LIMIT_MS],
    ["by the service's own", { ...SIZED, stallTimeoutMs: 30_000 }, 30_000],
    ["of unknown length", { stallTimeoutMs: 30_000 }, 30_000],
  ])("whose upstream accepts nothing ends after the stall limit: %s", async (_what, open, limitMs) => {
    const { passes, closed } = await uploading(open, 16 * MIB);
    await passes(limitMs - 10_000);
    expect(closed()).toBe(undefined);
    await passes(20_000);
    expect(closed()).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT" });
  });

  it("goes on if the upstream accepts something now and then", async () => {
    const { passes, closed, socket } = await uploading({ ...SIZED, stallTimeoutMs: MINUTE_MS }, 16 * MIB);
    for (let round = 0; round < 4; round++) {
      await passes(50_000);
      // Kernels let a sender go on once a good part of their buffers is free.
      let takenBytes = 0;
      socket.on("data", (bytes: Buffer) => {
        takenBytes += bytes.byteLength;
        if (takenBytes < 3 * MIB) return;
        socket.pause();
        socket.removeAllListeners("data");
      });
      socket.resume();
      await vi.waitFor(() => expect(takenBytes).toBeGreaterThanOrEqual(3 * MIB), { timeout: 10_000 });
      await passes(1_000);
    }
    expect(closed()).toBe(undefined);
  });

  it("may wait for its own gateway without limit", async () => {
    const { passes, closed, socket } = await uploading({ ...SIZED, stallTimeoutMs: MINUTE_MS }, 1_000);
    socket.resume();
    await passes(10 * MINUTE_MS);
    expect(closed()).toBe(undefined);
  });
});
