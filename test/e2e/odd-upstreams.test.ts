import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, field, probe } from "../support/calls.ts";
import type { RawAccount, RawScript } from "../support/servers/raw-upstream.ts";
import { startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

/** How a gateway's code sees what unusual upstreams send. docs/upstreams.md has the rules. */

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

let cases = 0;
function scripted(script: RawScript | string, close = false): { "x-case": string } {
  const caseName = `odd-${(cases += 1)}`;
  if (typeof script === "string") system.raw.answer(caseName, script, close);
  else system.raw.script(caseName, script);
  return { "x-case": caseName };
}

const seenByGateway = async (script: RawScript | string, method = "GET") =>
  probe(system, {
    ...{ service: "raw-api", path: "/", method },
    headers: Object.entries(scripted(script)),
  });

const END = "content-length: 0\r\n\r\n";

describe("field values that are not UTF-8", () => {
  it.each([
    ["Latin-1", 'attachment; filename="caf\u00e9.pdf"', 'attachment; filename="caf\u00e9.pdf"'],
    ["UTF-8", 'attachment; filename="caf\u00c3\u00a9.pdf"', 'attachment; filename="caf\u00e9.pdf"'],
    ["Shift-JIS", "n=\u0083\u0065\u0083\u0058\u0083\u0067", "n=\u0083\u0065\u0083\u0058\u0083\u0067"],
  ])("reach the gateway: %s", async (_name, sent, read) => {
    const seen = await seenByGateway(`HTTP/1.1 200 OK\r\ncontent-disposition: ${sent}\r\n${END}`);
    expect(Object.fromEntries(seen.headers)["content-disposition"]).toBe(read);
  });

  it("reach it in a Location and a cookie too", async () => {
    const seen = await seenByGateway(
      `HTTP/1.1 302 Found\r\nlocation: /caf\u00e9\r\nset-cookie: a=\u00e9; Path=/\r\n${END}`,
    );
    expect(Object.fromEntries(seen.headers)["location"]).toBe("/caf\u00e9");
    expect(seen.setCookie).toEqual(["a=\u00e9; Path=/"]);
  });

  it("of a request are replaced by the gateway's runtime, before the tunnel's code runs", async () => {
    const answer = await call(system, {
      ...{ service: "raw-api", path: "/latin1" },
      headers: ["x-name", "caf\u00e9"],
    });
    const { headers } = JSON.parse(answer.body.toString()) as RawAccount;
    const sent = headers.find(([name]) => name.toLowerCase() === "x-name")?.[1] ?? "";
    expect(Buffer.from(sent, "latin1").toString("utf8")).toBe("caf\ufffd");
  });
});

describe("an answer that breaks off right after its head", () => {
  it.each([
    ["half a body", "content-length: 100\r\n\r\nhalf"],
    ["no byte of it", "content-length: 100\r\n\r\n"],
    ["half a chunk", "transfer-encoding: chunked\r\n\r\n5\r\nhal"],
    ["a broken chunk", "transfer-encoding: chunked\r\n\r\nzz\r\n"],
  ])("has its status, also under load: %s", async (_name, rest) => {
    const headers = scripted(({ socket }) => {
      socket.write(`HTTP/1.1 201 Created\r\nx-a: 1\r\n${rest}`);
      socket.end();
    });
    const answers = await Promise.all(
      Array.from({ length: 64 }, async () => call(system, { service: "raw-api", path: "/", headers })),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 201, aborted: true });
      expect(field(answer, "x-a")).toBe("1");
    }
  });
});

it.each(["gzip, chunked", "gzip", "deflate\r\ntransfer-encoding: chunked"])(
  "a transfer coding that nobody asked for is 502: %s",
  async (coding) => {
    const seen = await seenByGateway(`HTTP/1.1 200 OK\r\ntransfer-encoding: ${coding}\r\n\r\n0\r\n\r\n`);
    expect(seen.status).toBe(502);
    expect(Object.fromEntries(seen.headers)["culvert-error"]).toBe("UPSTREAM_PROTOCOL");
  },
);

it.each([600, 700, 999])("status %d is 502", async (status) => {
  const headers = scripted(`HTTP/1.1 ${status} Odd\r\n${END}`);
  const answer = await call(system, { service: "raw-api", path: "/", headers });
  expect(answer.status).toBe(502);
  expect(field(answer, "culvert-error")).toBe("UPSTREAM_PROTOCOL");
});

it.each([
  ["the same length twice", "content-length: 2\r\ncontent-length: 2\r\n\r\nok", "GET", "ok"],
  ["a list of one length", "content-length: 2, 2\r\n\r\nok", "GET", "ok"],
  ["a blank before a colon", "content-length : 2\r\n\r\nok", "GET", "ok"],
  ["both framings of a HEAD", "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n", "HEAD", ""],
])("%s", async (_name, rest, method, body) => {
  const headers = scripted(`HTTP/1.1 200 OK\r\n${rest}`);
  const answer = await call(system, { service: "raw-api", path: "/", method, headers });
  expect({ status: answer.status, body: answer.body.toString() }).toEqual({ status: 200, body });
  if (method === "GET") expect(field(answer, "content-length")).toBe("2");
});

it("50 HEADs use one connection", async () => {
  const connections = new Set<number>();
  const headers = scripted(({ socket, connection }) => {
    connections.add(connection);
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 12345\r\n\r\n");
  });
  for (let i = 0; i < 50; i++) {
    const answer = await call(system, { service: "raw-api", path: "/", method: "HEAD", headers });
    expect(field(answer, "content-length")).toBe("12345");
  }
  expect(connections.size).toBe(1);
});
