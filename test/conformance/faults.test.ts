import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { RequestTrace, Tracing } from "../../connector/telemetry/request-trace.ts";
import { AttachedConnector } from "../support/attached-connector.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { ByteServer } from "../support/servers/byte-server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async function okServer(): Promise<ByteServer> {
  const server = await new ByteServer((socket) => socket.write(OK)).start();
  closing.push(() => server.close());
  return server;
}

async function echoServer(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
  closing.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const GOOD: RequestTrace = {
  callUpstream: () => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  upstreamDone() {},
  finish() {},
};

/** Tracing is called by a request's own handlers in each phase. If a request's path names a phase, tracing throws in it. */
function faultyTracing(): Tracing {
  const fail = (): never => {
    throw new TypeError("secret of nobody's");
  };
  return {
    counts: { exported: 0, failed: 0, dropped: 0 },
    trace: ({ path }) => {
      if (path === "/trace") fail();
      return path === "/" ? GOOD : { ...GOOD, [path.slice(1)]: fail };
    },
    flush: async () => {},
  };
}

const faultsOf = async ({ connector }: AttachedConnector, scope: string) =>
  Number(new RegExp(`faults_total\\{scope="${scope}"\\} (\\d+)`).exec(await connector.metricsText())?.[1]);

it.each(["trace", "callUpstream", "upstreamDone", "finish"])(
  "a fault in %s ends its own request, is logged with its stack and counted, and costs nobody else anything",
  async (where) => {
    const tunnel = await new AttachedConnector().start({}, faultyTracing());
    closing.push(() => tunnel.stop());
    const { origin } = await okServer();
    const neighbour = await tunnel.call(await echoServer(), { kind: "websocket" });
    const faulty = await Promise.all([1, 2, 3].map(() => tunnel.call(origin, { path: `/${where}` })));
    for (const { error, text } of faulty) {
      // By `finish` the answer has already been sent.
      if (where === "finish") expect({ error, text }).toEqual({ error: null, text: "ok" });
      else expect(error?.message).not.toContain("secret");
      if (where !== "finish")
        expect(error).toMatchObject({ code: where === "upstreamDone" ? "BODY_ABORTED" : "INTERNAL" });
    }
    expect(await faultsOf(tunnel, "exchange")).toBe(3);
    expect(
      tunnel.logLines.some((line) => line.includes("faults.test.ts") && line.includes("secret of")),
    ).toBe(true);
    expect((await tunnel.call(origin)).text).toBe("ok");
    neighbour.stream.writeMessage(Buffer.from("still here"), true, false);
    await vi.waitUntil(() => neighbour.messages.length === 1, { timeout: 15_000 });
    expect(neighbour.messages).toEqual([{ data: "still here", text: true }]);
    expect(tunnel.relay.attachments).toHaveLength(1);
    neighbour.stream.reset("CANCEL");
    await vi.waitUntil(() => tunnel.connector.activeStreams === 0, { timeout: 15_000 });
    expect(await faultsOf(tunnel, "relay")).toBe(0);
  },
);

it("a log that throws costs one connection to the relay; answers are delivered without their lines", async () => {
  let lines = 0;
  const tunnel = await new AttachedConnector().start({}, null, (line) => {
    if (line.includes("connected to the relay") && lines++ === 0) throw new Error("no space left");
    if (line.includes('"requestId"')) throw new Error("no space left");
  });
  closing.push(() => tunnel.stop());
  const { origin } = await okServer();
  expect(tunnel.relay.attachments).toHaveLength(2);
  expect(await faultsOf(tunnel, "relay")).toBe(1);
  for (let i = 0; i < 3; i++) expect((await tunnel.call(origin)).text).toBe("ok");
  expect(await faultsOf(tunnel, "process")).toBe(3);
  expect(tunnel.connector.activeStreams).toBe(0);
  expect(tunnel.relay.attachments).toHaveLength(2);
});

it("an exception outside of any request does not end the process, which goes on serving", async () => {
  const relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  const throwing = `
    import { EventEmitter } from "node:events";
    process.on("SIGUSR2", () => {
      setTimeout(() => { throw new Error("from a timer"); });
      Promise.reject(new Error("from a promise"));
      setImmediate(() => new EventEmitter().emit("error", new Error("from an emitter")));
    });`;
  const nowhere = `data:text/javascript,${encodeURIComponent(throwing)}`;
  const child = new ConnectProcess({ TUNNEL_TOKEN: relay.token, NODE_OPTIONS: `--import=${nowhere}` });
  closing.push(() => child.kill());
  await vi.waitUntil(() => child.countOf("connected to the relay") === 1, { timeout: 30_000 });
  child.child.kill("SIGUSR2");
  for (const message of ["from a timer", "from a promise", "from an emitter"]) {
    await vi.waitUntil(() => child.countOf(message) > 0, { timeout: 15_000 });
  }
  expect(child.exitCode).toBe(null);
  const { origin } = await okServer();
  const call = new Call(relay.current.mux, origin);
  await call.over;
  expect(call.text).toBe("ok");
  expect(relay.attachments).toHaveLength(1);
  child.child.kill("SIGTERM");
  await vi.waitUntil(() => child.exitCode !== null, { timeout: 15_000 });
  expect(child.exitCode).toBe(0);
});
