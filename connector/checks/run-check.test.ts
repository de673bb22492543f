import type { Socket } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { defaultCheck, type ServiceCheck } from "../../shared/services/service-check.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { parseAllowlist, UpstreamPolicy } from "../upstream/policy.ts";
import type { LimitsByService } from "../upstream/service-limits.ts";
import { Upstream } from "../upstream/upstream.ts";
import { checkRunner } from "./run-check.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { memoryOf } from "../../test/support/memory.ts";
import type { CheckResult } from "./service-checks.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const limits: LimitsByService = new Map([
  ["orders", { name: "orders", methods: ["POST"], paths: ["/public"], maxBodyBytes: null }],
  ["pages", { name: "pages", methods: null, paths: ["/public"], maxBodyBytes: null }],
]);

const answering = (socket: Socket): unknown => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");

async function setUp(onData: (socket: Socket) => unknown = answering) {
  const server = await new ByteServer((socket) => void onData(socket)).start();
  const list = parseAllowlist("127.0.0.1");
  if (!list.ok) throw new Error("no list");
  const upstream = new Upstream({
    ...{ policy: new UpstreamPolicy(list.rules), limits, rules: [] },
    ...{
      clock: nodeClock,
      names: new Names({ clock: nodeClock }),
      reportFault: throwFault,
      memory: memoryOf(),
    },
  });
  closing.push(
    () => upstream.close(),
    () => server.close(),
  );
  const run = checkRunner(() => upstream, nodeClock);
  const check = (
    service: string,
    path: string | null,
    target = server.origin,
    more: Partial<ServiceCheck> = {},
  ) =>
    new Promise<CheckResult>((done) => void run({ ...defaultCheck(service, target, path), ...more }, done));
  return { server, check };
}

it.each([
  ["orders", "/public/delete-all?confirm=yes", "does not permit method GET"],
  ["pages", "/admin/delete-all?confirm=yes", "does not permit this path"],
  ["pages", "/public/../admin", "does not permit this path"],
  ["pages", "/public/%2e%2e/admin", "does not permit this path"],
])("a check of %s at %s is refused as a request is", async (service, path, reason) => {
  const { server, check } = await setUp();
  expect(await check(service, path)).toEqual({
    outcome: "UPSTREAM_NOT_ALLOWED",
    reason: expect.stringContaining(reason),
  });
  expect(server.sockets).toHaveLength(0);
});

it.each([
  "http://169.254.169.254/latest/meta-data",
  "*",
  "other.internal:80",
  "",
  "?x",
  "/a b",
  "/x HTTP/1.1\r\nhost: other\r\n\r\n",
  "/\tx",
])("refuses a target such as %j", async (path) => {
  const { server, check } = await setUp();
  expect(await check("any", path)).toMatchObject({ outcome: "INTERNAL" });
  expect(server.received.join("")).toBe("");
});

it("writes characters beyond ASCII as UTF-8, so that none becomes a line end", async () => {
  const { server, check } = await setUp();
  await check("any", "/\u010d\u010ax:y");
  expect(server.received[0]).toMatch(/^GET \/\u00c4\u008d\u00c4\u008ax:y HTTP\/1\.1\r\nhost: /);
});

it("passes if the limits allow it; a check that only connects sends no request", async () => {
  const { server, check } = await setUp();
  expect(await check("pages", "/public/health")).toEqual({ outcome: "PASSING", reason: null });
  expect(await check("orders", null)).toEqual({ outcome: "PASSING", reason: null });
  await vi.waitFor(() => expect(server.received).toHaveLength(2));
  expect(server.received[1]).toBe("");
  expect(await check("orders", null, "http://169.254.169.254")).toMatchObject({
    outcome: "UPSTREAM_NOT_ALLOWED",
  });
});

it("of a TCP service connects and sends nothing", async () => {
  const { server, check } = await setUp();
  const target = server.origin.replace("http:", "tcp:");
  expect(await check("db", null, target)).toEqual({ outcome: "PASSING", reason: null });
  await vi.waitFor(() => expect(server.sockets[0]?.closed ?? true).toBe(true));
  expect(server.received.join("")).toBe("");
  for (const blocked of ["tcp://169.254.169.254:80", "tls://10.0.0.1:6380"])
    expect(await check("db", null, blocked)).toMatchObject({ outcome: "UPSTREAM_NOT_ALLOWED" });
  expect(await check("db", null, "tcp://127.0.0.1:9")).toMatchObject({ outcome: "UPSTREAM_REFUSED" });
});

it("of a TCP service with TLS completes TLS too, however it begins", async () => {
  const { server, check } = await setUp((socket) => socket.end("N"));
  const target = server.origin.replace("http:", "tcp:");
  expect(await check("db", null, target, { startTls: "postgres" })).toMatchObject({
    ...{ outcome: "UPSTREAM_TLS", reason: expect.stringContaining("offers no TLS") },
  });
  expect(await check("db", null, target.replace("tcp:", "tls:"))).toMatchObject({ outcome: "UPSTREAM_TLS" });
});
