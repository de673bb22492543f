import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import type { Clock } from "../../shared/time/clock.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { parseAllowlist, UpstreamPolicy } from "./policy.ts";
import { DEFAULT_UPSTREAM, type UpstreamSettings } from "./upstream-rules.ts";
import { Upstream } from "./upstream.ts";

const A = "project-a\nproduction";
const B = "project-b\nproduction";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function upstreamWith(settings: Partial<UpstreamSettings>, clock: Clock = nodeClock): Upstream {
  const list = parseAllowlist("127.0.0.1");
  if (!list.ok) throw new Error(list.problems.join("; "));
  const host = { kind: "any" } as const;
  const upstream = new Upstream({
    policy: new UpstreamPolicy(list.rules),
    limits: new Map(),
    rules: [{ pattern: "*", host, settings: { ...DEFAULT_UPSTREAM, ...settings } }],
    clock,
    names: new Names({ clock: nodeClock }),
    reportFault: throwFault,
    memory: memoryOf(),
  });
  closing.push(() => upstream.close());
  return upstream;
}

async function originOf(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves with the body, or with what went wrong, when nothing of the exchange is left. */
function ask(upstream: Upstream, origin: string, caller: string): Promise<string> {
  return new Promise((resolve) => {
    let seen = "";
    upstream.request(
      { service: "s", caller, target: origin, method: "GET", path: "/", rawHeaders: [], body: null },
      {
        onResponse() {},
        onData: (bytes) => void (seen += bytes.toString("latin1")),
        onEnd() {},
        onError: (error) => void (seen = error.message),
        onTornDown: () => resolve(seen),
      },
    );
  });
}

it("an answer that nobody asked for reaches no other caller, however late it comes", async () => {
  // Right for the request, and wrong once more when the next request on the connection has been read.
  const server = await new ByteServer((socket, all) => {
    const requests = all.split("GET ").length - 1;
    socket.write(requests === 1 ? OK : OK.replace("ok", "no"));
  }).start();
  closing.push(() => server.close());
  const upstream = upstreamWith({});
  expect(await ask(upstream, server.origin, A)).toBe("ok");
  expect(await ask(upstream, server.origin, B)).toBe("ok");
  expect(await ask(upstream, server.origin, "project-a\npreview")).toBe("ok");
  expect(server.sockets).toHaveLength(3);
  // The limit that remains: HTTP/1.1 cannot tell one caller's answers apart.
  expect(await ask(upstream, server.origin, A)).toBe("no");
});

it("a connection that had bytes behind its answer is closed before any other use", async () => {
  const server = await new ByteServer((socket) => {
    socket.write(OK);
    setImmediate(() => socket.write(OK.replace("ok", "no")));
  }).start();
  closing.push(() => server.close());
  const upstream = upstreamWith({});
  for (let round = 0; round < 5; round++) {
    expect(await ask(upstream, server.origin, A)).toBe("ok");
    await vi.waitFor(() => expect(server.sockets.every((socket) => socket.destroyed)).toBe(true), 10_000);
  }
});

it("callers share the places: an idle connection of one makes room for the other", async () => {
  let open = 0;
  let most = 0;
  const server = createServer((_request, response) => setTimeout(() => response.end("ok"), 2));
  server.on("connection", (socket) => {
    most = Math.max(most, ++open);
    socket.on("close", () => open--);
  });
  const origin = await originOf(server);
  const upstream = upstreamWith({ maxConnections: 1 });
  expect(await ask(upstream, origin, A)).toBe("ok");
  expect(await ask(upstream, origin, B)).toBe("ok");
  // One caller that never stops asking does not keep the only place from another.
  let asked = 0;
  let over = false;
  const busy = Promise.all(
    [1, 2].map(async () => {
      while (!over && asked++ < 5_000) expect(await ask(upstream, origin, A)).toBe("ok");
    }),
  );
  expect(await ask(upstream, origin, B)).toBe("ok");
  over = true;
  await busy;
  // A server hears of one connection's end a moment after the next has begun.
  expect(most).toBeLessThanOrEqual(2);
});

it("callers take turns: thirty earlier requests of one do not come before the other's", async () => {
  const server = createServer((_request, response) => setTimeout(() => response.end("ok"), 2));
  const origin = await originOf(server);
  const upstream = upstreamWith({ maxConnections: 1 });
  let answeredToA = 0;
  const ofA = Array.from({ length: 30 }, async () => {
    expect(await ask(upstream, origin, A)).toBe("ok");
    answeredToA++;
  });
  expect(await ask(upstream, origin, B)).toBe("ok");
  // The one under way, and the one that was first in line.
  expect(answeredToA).toBeLessThanOrEqual(2);
  await Promise.all(ofA);
});

it.each(["http1", "http2"] as const)(
  "none is used again after the machine slept, in %s",
  async (protocol) => {
    let connections = 0;
    const server =
      protocol === "http2"
        ? createHttp2Server((_request, response) => void response.end("ok"))
        : createServer((_request, response) => void response.end("ok"));
    server.on("connection", () => connections++);
    const origin = await originOf(server);
    let sleptMs = 0;
    const clock: Clock = { ...nodeClock, wallMs: () => Date.now() + sleptMs };
    const upstream = upstreamWith({ protocol, idleTimeoutMs: 50_000 }, clock);
    for (const expected of [1, 1]) {
      expect(await ask(upstream, origin, A)).toBe("ok");
      expect(connections).toBe(expected);
    }
    sleptMs = 3_600_000;
    expect(await ask(upstream, origin, A)).toBe("ok");
    expect(connections).toBe(2);
    upstream.close();
  },
);
