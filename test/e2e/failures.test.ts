import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, field, head, probe, read } from "../support/calls.ts";
import type { Answer, Call } from "../support/calls.ts";
import { pattern } from "../support/pattern.ts";
import { startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

function expectFailure(answer: Answer, status: number, code: string) {
  expect({ status: answer.status, code: field(answer, "culvert-error") }).toEqual({ status, code });
  expect(field(answer, "content-type")).toContain("application/problem+json");
  expect(field(answer, "proxy-status")).toMatch(/^culvert; error=[a-z_]+/);
  expect(answer.aborted).toBe(false);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ status, code });
}

const large = Buffer.alloc(2000);
const table: [code: string, status: number, wanted: Call & { body?: Buffer }][] = [
  ["NO_CONNECTOR", 503, { via: "UNATTENDED", service: "node-api", path: "/ok" }],
  ["UNKNOWN_TUNNEL", 404, { via: "MISSING", service: "node-api", path: "/ok" }],
  ["UNKNOWN_SERVICE", 404, { service: "no-such-api", path: "/ok" }],
  ["UNKNOWN_SERVICE", 404, { service: "127.0.0.1:1", path: "/ok" }],
  ["ACCESS_DENIED", 403, { via: "STRANGER", service: "node-api", path: "/ok" }],
  ["ACCESS_DENIED", 403, { via: "PREVIEW", service: "production-api", path: "/ok" }],
  ["UPSTREAM_NOT_ALLOWED", 502, { service: "forbidden-api", path: "/" }],
  ["UPSTREAM_REFUSED", 502, { service: "closed-api", path: "/" }],
  ["UPSTREAM_DNS", 502, { service: "nameless-api", path: "/" }],
  ["UPSTREAM_TLS", 502, { service: "untrusted-api", path: "/ok" }],
  ["UPSTREAM_CONNECT_TIMEOUT", 504, { service: "stuck-api", path: "/" }],
  ["UPSTREAM_RESPONSE_TIMEOUT", 504, { service: "impatient-api", path: "/hang" }],
  ["BAD_REQUEST", 400, { service: "prefixed-api", path: "/a/..%2fb" }],
  ["URI_TOO_LONG", 414, { service: "node-api", path: `/${"x".repeat(16 * 1024)}` }],
  [
    "FIELDS_TOO_LARGE",
    431,
    { service: "node-api", path: "/ok", headers: { "x-large": "v".repeat(33 * 1024) } },
  ],
  ["BODY_TOO_LARGE", 413, { service: "small-api", path: "/sink", method: "POST", body: large }],
];

describe("every failure is an answer", () => {
  it.concurrent.for(table)("%s %i", async ([code, status, wanted]) => {
    expectFailure(await call(system, wanted), status, code);
  });

  it.concurrent.for(table)("%s %i does not throw in the gateway", async ([code, status, wanted]) => {
    const { via = "TUNNEL", service, path, method = "GET", headers, body } = wanted;
    const seen = await probe(system, {
      ...{ via, service, path, method },
      ...(headers === undefined ? {} : { headers: Object.entries(headers as Record<string, string>) }),
      ...(body === undefined ? {} : { body: { kind: "text" as const, text: String(body) } }),
    });
    expect(seen).toMatchObject({ threw: null, status });
    expect(field(seen, "culvert-error")).toBe(code);
  });

  it("a body over the service's limit is refused when its length is unknown, too", async () => {
    const body = Readable.from([Buffer.alloc(600), Buffer.alloc(600)]);
    const answer = await call(system, { service: "small-api", path: "/sink", method: "POST", body });
    expectFailure(answer, 413, "BODY_TOO_LARGE");
    const exact = { service: "small-api", path: "/sink", method: "POST", body: Buffer.alloc(1000) };
    expect((await call(system, exact)).status).toBe(200);
  });

  it("a failure before the head drains the upload: the next request is served", async () => {
    // This is as much as the runtime reads after an answer. A longer upload may find its connection closed.
    const body = () => Readable.from(pattern(60_000));
    expectFailure(
      await call(system, { service: "no-such-api", path: "/", method: "POST", body: body() }),
      404,
      "UNKNOWN_SERVICE",
    );
    expectFailure(
      await call(system, { service: "closed-api", path: "/", method: "POST", body: body() }),
      502,
      "UPSTREAM_REFUSED",
    );
    expect((await call(system, { service: "node-api", path: "/ok" })).status).toBe(200);
  });

  it("method TRACE is not carried", async () => {
    const answer = await call(system, { service: "node-api", path: "/ok", method: "TRACE" });
    expect([400, 405, 501]).toContain(answer.status);
  });

  it("headers change nothing about who is calling", async () => {
    const answer = await call(system, {
      via: "STRANGER",
      service: "node-api",
      path: "/ok",
      headers: {
        "culvert-environment": "production",
        "x-culvert-props": JSON.stringify({ environment: "production" }),
        cf: "{}",
        "cf-worker": "production",
      },
    });
    expectFailure(answer, 403, "ACCESS_DENIED");
  });
});

describe("an invalid response of an upstream is 502 UPSTREAM_PROTOCOL", () => {
  const answers: [name: string, bytes: string][] = [
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["nothing, and the end", ""],
    ["half a head, and the end", "HTTP/1.1 200 OK\r\nx-a: "],
    ["status 199", "HTTP/1.1 199 Odd\r\ncontent-length: 0\r\n\r\n"],
    ["status 600", "HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n"],
    ["status 999", "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"],
    [
      "101 to a request that asked for none",
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ],
    ["a head of 40 KiB", `HTTP/1.1 200 OK\r\nx-large: ${"v".repeat(40 * 1024)}\r\ncontent-length: 0\r\n\r\n`],
    ["two Content-Lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"],
    ["Content-Length +5", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello"],
    ["NUL in a value", "HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 0\r\n\r\n"],
    ["a space in a name", "HTTP/1.1 200 OK\r\nx a: b\r\ncontent-length: 0\r\n\r\n"],
    [
      "Content-Length and Transfer-Encoding",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  ];
  it.concurrent.for(answers)("%s", async ([name, bytes]) => {
    system.raw.answer(name, bytes, true);
    const answer = await call(system, { service: "raw-api", path: "/", headers: { "x-case": name } });
    expectFailure(answer, 502, "UPSTREAM_PROTOCOL");
  });

  it("204 with a body is a 204 without one", async () => {
    system.raw.answer("204 body", "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello", true);
    const answer = await call(system, { service: "raw-api", path: "/", headers: { "x-case": "204 body" } });
    expect(answer.status).toBe(204);
    expect(answer.body.length).toBe(0);
  });

  it.for([
    ["short of its Content-Length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"],
    ["broken chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"],
    ["chunks without an end", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ])("a body %s aborts", async ([name = "", bytes = ""]) => {
    system.raw.answer(name, bytes, true);
    const wanted = { service: "raw-api", path: "/", headers: { "x-case": name } };
    // It may break off so soon that the caller does not even get the head.
    const aborted = await call(system, wanted).then(
      (answer) => answer.aborted,
      () => true,
    );
    expect(aborted).toBe(true);
    const seen = await probe(system, { ...wanted, headers: [["x-case", name]] });
    expect(seen).toMatchObject({ threw: null, status: 200 });
    expect(seen.bodyThrew).not.toBeNull();
  });
});

describe("a connector that is lost", () => {
  it("before the head: CONNECTOR_LOST; in mid-body: the body aborts; then NO_CONNECTOR; a new one serves", async () => {
    const [connector] = system.connectors;
    if (connector === undefined) throw new Error("no connector");
    const waiting = call(system, { service: "node-api", path: "/hang", headers: { "x-case": "lost-head" } });
    const streaming = await head(system, { service: "node-api", path: "/hang-after-head" });
    const body = read(streaming);
    await system.node.saw("started", "lost-head");

    connector.signal("SIGKILL");
    expectFailure(await waiting, 502, "CONNECTOR_LOST");
    expect(await body).toMatchObject({ status: 200, aborted: true });

    const answer = await call(system, { service: "node-api", path: "/ok" });
    expectFailure(answer, 503, "NO_CONNECTOR");
    expect(field(answer, "retry-after")).toMatch(/^\d+$/);

    await system.addConnector();
    expect((await call(system, { service: "node-api", path: "/ok" })).body.toString()).toBe("ok");
  });

  it("on SIGTERM finishes its request, and gets no new ones", async () => {
    const leaving = system.connectors.at(-1);
    const slow = call(system, {
      service: "node-api",
      path: "/held",
      headers: { "x-case": "draining" },
    });
    await system.node.saw("started", "draining");
    await system.addConnector();
    leaving?.signal("SIGTERM");
    const during = await Promise.all(
      Array.from({ length: 20 }, () => call(system, { service: "node-api", path: "/ok" })),
    );
    expect(during.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    system.node.release();
    expect((await slow).body.toString()).toBe("held");
    expect(await leaving?.exited).toBe(0);
    expect((await call(system, { service: "node-api", path: "/ok" })).status).toBe(200);
  });
});
