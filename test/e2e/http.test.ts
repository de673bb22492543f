import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bothWays, call, field, head, openCall, probe, read, seenByUpstream } from "../support/calls.ts";
import type { Answer, Call } from "../support/calls.ts";
import { pattern } from "../support/pattern.ts";
import type { RawAccount } from "../support/servers/raw-upstream.ts";
import { startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

/** Scripted answers need a case name of their own. Both ways use the same one. */
let cases = 0;
function scripted(bytes: string | Buffer, close = false): Pick<Call, "service" | "path" | "headers"> {
  const caseName = `scripted-${(cases += 1)}`;
  system.raw.answer(caseName, bytes, close);
  return { service: "raw-api", path: "/scripted", headers: { "x-case": caseName } };
}

async function expectSameRequest(wanted: Parameters<typeof bothWays>[1]) {
  const { tunnel, direct } = await bothWays(system, wanted);
  expect(seenByUpstream(tunnel)).toEqual(seenByUpstream(direct));
  return seenByUpstream(tunnel);
}

async function expectSameAnswer(wanted: Parameters<typeof bothWays>[1]) {
  const { tunnel, direct } = await bothWays(system, wanted);
  expect(tunnel).toEqual(direct);
  return tunnel;
}

describe("a request reaches the upstream as it was sent", () => {
  it.for(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "PROPFIND"])(
    "method %s",
    async (method) => {
      const { tunnel, direct } = await bothWays(system, { service: "raw-api", path: "/method", method });
      const seen = seenByUpstream(tunnel);
      expect(seen.requestLine).toBe(`${method} /method HTTP/1.1`);
      // The runtime's own fetch adds Content-Length: 0 if the caller sent none.
      const withoutZero = ({ headers }: typeof seen) =>
        headers.filter((header) => header.join() !== "content-length,0");
      expect(withoutZero(seen)).toEqual(withoutZero(seenByUpstream(direct)));
    },
  );

  it.for([
    "/",
    "/a%2Fb%2fc",
    "//double//slash/",
    "/semi;colon=1;b/c",
    "/plus+and%20space?q=a+b%20c",
    "/?",
    "/?a=1&a=2&&b",
    "/?url=http://other/path?x#",
    "/percent/%zz/%/%e4",
    "/unreserved-._~!$&'()*,:@",
    "/utf8/%C3%A9%E2%82%AC",
    "/backslash%5Cpath",
    "/trailing.",
  ])("path %s", async (path) => {
    const seen = await expectSameRequest({ service: "raw-api", path });
    expect(seen.requestLine.startsWith("GET /")).toBe(true);
  });

  it("a path of 7,000 bytes", async () => {
    await expectSameRequest({ service: "raw-api", path: `/long/${"x".repeat(7000)}` });
  });

  it.for(["/a/../b", "/a/./b", "/a/%2e%2e/b", "/../x", "/a|b", '/"q"', "/{curly}"])(
    "path %s, as the gateway's runtime gives it",
    async (path) => {
      await expectSameRequest({ service: "raw-api", path });
    },
  );

  it("every header field, repeated and odd ones among them", async () => {
    const seen = await expectSameRequest({
      service: "raw-api",
      path: "/headers",
      headers: [
        ...["Accept", "text/html;q=0.9, */*"],
        ...["X-Repeated", "one", "X-Repeated", "two, three", "x-repeated", "four"],
        ...["X-Empty", ""],
        ...["X-Long", "v".repeat(8000)],
        ...["X-Symbols", '!#$%&\'*+-.^_`|~ \t "quoted, comma" (comment)'],
        ...["Authorization", "Bearer abc.def"],
        ...["Cookie", 'a=1; b=2; c="3"'],
        ...["User-Agent", "e2e/1.0"],
        ...["If-None-Match", '"etag", W/"weak"'],
        ...["X-CulvertLike", "kept"],
      ],
    });
    expect(Object.fromEntries(seen.headers)).toMatchObject({
      "x-repeated": "one, two, three, four",
      cookie: 'a=1; b=2; c="3"',
      authorization: "Bearer abc.def",
    });
  });

  it("header text beyond ASCII arrives as UTF-8", async () => {
    const headers = { "x-city": Buffer.from("Zürich").toString("latin1") };
    const seen = await expectSameRequest({ service: "raw-api", path: "/utf8", headers });
    const city = Object.fromEntries(seen.headers)["x-city"] ?? "";
    expect(Buffer.from(city, "latin1").toString()).toBe("Zürich");
  });

  it("hop-by-hop fields and those that Connection names stay behind", async () => {
    let names: string[] = [];
    system.raw.script("hops", ({ headers, socket }) => {
      names = headers.map(([name]) => name.toLowerCase());
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    const seen = await probe(system, {
      service: "raw-api",
      path: "/hops",
      headers: [
        ["x-case", "hops"],
        ["connection", "close, x-hop"],
        ["x-hop", "1"],
        ["te", "trailers"],
        ["keep-alive", "timeout=5"],
        ["proxy-authorization", "Basic x"],
        ["proxy-connection", "keep-alive"],
        ["x-end", "1"],
      ],
    });
    expect(seen).toMatchObject({ threw: null, status: 200 });
    expect(names).toContain("x-end");
    for (const name of ["x-hop", "te", "keep-alive", "proxy-authorization", "proxy-connection", "upgrade"]) {
      expect(names).not.toContain(name);
    }
  });

  it("says nothing about the caller if no edge vouches for it, whatever it claims", async () => {
    const { body } = await call(system, {
      service: "raw-api",
      path: "/",
      headers: {
        "x-forwarded-for": "6.6.6.6",
        forwarded: "for=6.6.6.6",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "cf-connecting-ip": "6.6.6.6",
        "cf-ipcountry": "XX",
        "cf-access-authenticated-user-email": "root@evil.example",
        "x-real-ip": "6.6.6.6",
        "true-client-ip": "6.6.6.6",
        "x-original-host": "evil.example",
        // Credentials for the server say nothing about the caller's address.
        "cf-access-client-id": "an-id.access",
      },
    });
    expect(body.toString()).not.toMatch(/6\.6\.6\.6|evil\.example|forwarded|cf-ipcountry|real-ip/i);
    expect(body.toString()).toContain("an-id.access");
  });

  it("a path in the endpoint is a prefix", async () => {
    const { body } = await call(system, { service: "prefixed-api", path: "/charges?limit=3" });
    expect((JSON.parse(body.toString()) as RawAccount).requestLine).toBe(
      "GET /base/v1/charges?limit=3 HTTP/1.1",
    );
  });

  it("the service's name is case-insensitive", async () => {
    expect((await call(system, { service: "Node-API", path: "/ok" })).body.toString()).toBe("ok");
  });

  it("a network rule reaches a host by its own name", async () => {
    const answer = await call(system, { service: `127.0.0.1:${system.node.port}`, path: "/ok" });
    expect(answer.body.toString()).toBe("ok");
  });

  it("over TLS, with a certificate the connector trusts", async () => {
    expect((await call(system, { service: "tls-api", path: "/ok" })).body.toString()).toBe("ok");
  });
});

describe("request bodies", () => {
  it.for([
    ["text with its length", "hello"],
    ["an empty POST", ""],
    ["binary of 3 MiB with its length", randomBytes(3 * 1024 * 1024)],
    ["gzip, unchanged", gzipSync("hello ".repeat(1000))],
  ] as const)("%s", async ([, body]) => {
    const seen = await expectSameRequest({ service: "raw-api", path: "/body", method: "POST", body });
    expect(Object.fromEntries(seen.headers)["content-length"]).toBe(String(body.length));
    expect(seen.bodyBase64).toBe(Buffer.from(body).toString("base64"));
  });

  it.for(["gzip", "br", "zstd"])("content-encoding %s passes unchanged", async (encoding) => {
    const body = randomBytes(1000);
    const headers = { "content-encoding": encoding, "content-type": "application/json" };
    const seen = await expectSameRequest({
      service: "raw-api",
      path: "/encoded",
      method: "PUT",
      headers,
      body,
    });
    expect(seen.bodyBase64).toBe(body.toString("base64"));
  });

  it("of unknown length stream, chunked", async () => {
    const body = () => Readable.from(pattern(1024 * 1024));
    const { tunnel, direct } = await bothWays(system, {
      service: "node-api",
      path: "/sink",
      method: "POST",
      body,
    });
    expect(tunnel.body.toString()).toBe(direct.body.toString());
    expect(JSON.parse(tunnel.body.toString())).toMatchObject({ bytes: 1024 * 1024, contentLength: null });
  });

  it("arrive as they are produced", async () => {
    const source = new Readable({ read() {} });
    source.push("first");
    const before = system.node.sunkBytes;
    const answer = call(system, { service: "node-api", path: "/sink", method: "POST", body: source });
    await expect.poll(() => system.node.sunkBytes - before, { timeout: 30_000 }).toBe(5);
    source.push("second");
    source.push(null);
    expect(JSON.parse((await answer).body.toString())).toMatchObject({ bytes: 11 });
  });

  it.for([true, false])("from a Worker's own stream, length known: %s", async (lengthKnown) => {
    const body = { kind: "pattern" as const, totalBytes: 700_001, lengthKnown };
    const wanted = { service: "node-api", path: "/sink", method: "POST", body };
    const [tunnel, direct] = await Promise.all([
      probe(system, wanted),
      probe(system, { ...wanted, via: "direct" }),
    ]);
    expect({ ...tunnel, headers: [] }).toEqual({ ...direct, headers: [] });
    expect(tunnel.status).toBe(200);
  });

  it.for(["DELETE", "OPTIONS", "PROPFIND"])("%s with a body", async (method) => {
    const headers = { "content-length": "7" };
    const seen = await expectSameRequest({ service: "raw-api", path: "/", method, headers, body: "unusual" });
    expect(seen.bodyBase64).toBe(Buffer.from("unusual").toString("base64"));
  });
});

describe("the answer comes back as the upstream gave it", () => {
  const statuses = [
    ...[
      200, 201, 202, 203, 206, 207, 226, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 404, 405, 407, 408,
      409, 410,
    ],
    ...[
      411, 412, 413, 414, 415, 416, 417, 418, 421, 425, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511,
      520, 599,
    ],
  ];
  it.for(statuses)("status %i", async (status) => {
    const answer = scripted(`HTTP/1.1 ${status} Some Reason\r\nx-a: 1\r\ncontent-length: 4\r\n\r\nbody`);
    const seen = await expectSameAnswer(answer);
    expect(seen).toMatchObject({ status, reason: "Some Reason", aborted: false });
    expect(seen.body.toString()).toBe("body");
    expect(field(seen, "culvert-error")).toBeNull();
  });

  it.for([204, 205, 304])("status %i has no body", async (status) => {
    const extra = status === 205 ? "content-length: 0\r\n" : "";
    const seen = await expectSameAnswer(scripted(`HTTP/1.1 ${status} None\r\netag: "x"\r\n${extra}\r\n`));
    expect(seen).toMatchObject({ status, aborted: false });
    expect(seen.body.length).toBe(0);
  });

  it("HEAD keeps the Content-Length that the body would have", async () => {
    const wanted = scripted("HTTP/1.1 200 OK\r\ncontent-length: 12345\r\ncontent-type: text/plain\r\n\r\n");
    const seen = await expectSameAnswer({ ...wanted, method: "HEAD" });
    expect(field(seen, "content-length")).toBe("12345");
  });

  it("every Set-Cookie stays a field of its own", async () => {
    const wanted = scripted(
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nx-between: 1\r\n" +
        "Set-Cookie: b=2\r\nset-cookie: c=3; Path=/\r\ncontent-length: 0\r\n\r\n",
    );
    const seen = await expectSameAnswer(wanted);
    const cookies = seen.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value);
    expect(cookies).toEqual(["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2", "c=3; Path=/"]);
  });

  it("repeated and odd fields", async () => {
    const { tunnel, direct } = await bothWays(
      system,
      scripted(
        "HTTP/1.1 200 OK\r\nVary: Accept\r\nvary: Origin\r\nLink: </a>; rel=preload, </b>\r\nLink: </c>\r\n" +
          `X-Empty:\r\nX-Long: ${"v".repeat(20_000)}\r\nWWW-Authenticate: Basic realm="a, b"\r\n` +
          'Cache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\nETag: W/"x"\r\n' +
          "Content-Length: 2\r\n\r\nok",
      ),
    );
    const joined = (headers: [string, string][]) => {
      const byName: Record<string, string[]> = {};
      for (const [name, value] of headers) (byName[name] ??= []).push(value);
      return Object.fromEntries(Object.entries(byName).map(([name, values]) => [name, values.join(", ")]));
    };
    expect(joined(tunnel.headers)).toEqual(joined(direct.headers));
    expect(joined(tunnel.headers)["vary"]).toBe("Accept, Origin");
  });

  it("UTF-8 in a field value", async () => {
    await expectSameAnswer(
      scripted(Buffer.from("HTTP/1.1 200 OK\r\nx-city: Zürich\r\ncontent-length: 0\r\n\r\n")),
    );
  });

  it.for([
    ["gzip", gzipSync("text ".repeat(5000))],
    ["br", brotliCompressSync("text ".repeat(5000))],
    ["zstd", zstdCompressSync("text ".repeat(5000))],
  ] as const)("a %s body unchanged, with its length", async ([encoding, bytes]) => {
    const top = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-type: text/plain\r\n`;
    const fixed = await expectSameAnswer(
      scripted(Buffer.concat([Buffer.from(`${top}content-length: ${bytes.length}\r\n\r\n`), bytes])),
    );
    expect(fixed.body.equals(bytes)).toBe(true);
    expect(field(fixed, "content-length")).toBe(String(bytes.length));
    const size = bytes.length.toString(16);
    const chunked = await bothWays(
      system,
      scripted(
        Buffer.concat([
          Buffer.from(`${top}transfer-encoding: chunked\r\n\r\n${size}\r\n`),
          bytes,
          Buffer.from("\r\n0\r\n\r\n"),
        ]),
      ),
    );
    // If the whole body arrives with the head, the relay adds a Content-Length.
    const withoutLength = ({ headers }: Answer) => headers.filter(([name]) => name !== "content-length");
    expect(withoutLength(chunked.tunnel)).toEqual(withoutLength(chunked.direct));
    expect(chunked.tunnel.body.equals(bytes)).toBe(true);
  });

  it("and a Worker's own code reads the encoded body decoded, as from any fetch", async () => {
    const bytes = gzipSync("text ".repeat(500));
    const top = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    const { service, path, headers } = scripted(Buffer.concat([Buffer.from(top), bytes]));
    const wanted = { service, path, headers: Object.entries(headers as Record<string, string>) };
    const [tunnel, direct] = await Promise.all([
      probe(system, wanted),
      probe(system, { ...wanted, via: "direct" }),
    ]);
    expect(tunnel).toEqual(direct);
    expect(tunnel.bodyBytes).toBe(2500);
  });

  it("Range and 206", async () => {
    const wanted = scripted(
      "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 2-5/10\r\naccept-ranges: bytes\r\ncontent-length: 4\r\n\r\ncdef",
    );
    const headers = { ...(wanted.headers as Record<string, string>), range: "bytes=2-5" };
    const seen = await expectSameAnswer({ ...wanted, headers });
    expect(field(seen, "content-range")).toBe("bytes 2-5/10");
    await expectSameRequest({
      service: "raw-api",
      path: "/",
      headers: { range: "bytes=2-5", "if-range": '"x"' },
    });
  });

  it.for([301, 302, 303, 307, 308])(
    "a redirect %i to the metadata address is passed on, not followed",
    async (status) => {
      const target = "http://169.254.169.254/latest/meta-data";
      const seen = await expectSameAnswer(
        scripted(`HTTP/1.1 ${status} Moved\r\nlocation: ${target}\r\ncontent-length: 0\r\n\r\n`),
      );
      expect(seen).toMatchObject({ status });
      expect(field(seen, "location")).toBe(target);
    },
  );

  it("a gzip bomb passes unchanged: nothing on the way inflates it", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.byteLength}\r\n\r\n`;
    const answer = await expectSameAnswer(scripted(Buffer.concat([Buffer.from(head), bomb])));
    expect(answer.body.equals(bomb)).toBe(true);
    expect(field(answer, "content-encoding")).toBe("gzip");
  });

  it("informational answers are absorbed", async () => {
    const seen = await expectSameAnswer(
      scripted(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n" +
          "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfinal",
      ),
    );
    expect(seen.body.toString()).toBe("final");
  });

  it("a body of known length keeps its Content-Length; others stream", async () => {
    const known = await expectSameAnswer({ service: "node-api", path: "/pattern?bytes=300000&length" });
    expect(field(known, "content-length")).toBe("300000");
    const streamed = await call(system, { service: "node-api", path: "/pattern?bytes=300000" });
    expect(streamed).toMatchObject({ aborted: false });
    expect(streamed.body.equals(known.body)).toBe(true);
  });

  it("one byte at a time", async () => {
    const bytes = Buffer.from(
      "HTTP/1.1 200 OK\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    system.raw.script("byte-by-byte", async ({ socket }) => {
      for (const byte of bytes) {
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const seen = await call(system, { service: "raw-api", path: "/", headers: { "x-case": "byte-by-byte" } });
    expect(seen).toMatchObject({ status: 200, aborted: false });
    expect(field(seen, "x-a")).toBe("1");
    expect(seen.body.toString()).toBe("abcde");
  });

  it("a body that ends with its connection (HTTP/1.0)", async () => {
    const seen = await expectSameAnswer(
      scripted("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold style", true),
    );
    expect(seen.body.toString()).toBe("old style");
  });

  it("trailers cross the wire and are invisible to fetch", async () => {
    const seen = await call(
      system,
      scripted(
        "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n",
      ),
    );
    expect(seen).toMatchObject({ status: 200, aborted: false });
    expect(seen.body.toString()).toBe("abc");
  });

  it("no upstream can set culvert-error", async () => {
    const seen = await call(
      system,
      scripted("HTTP/1.1 200 OK\r\nculvert-error: NO_CONNECTOR\r\ncontent-length: 0\r\n\r\n"),
    );
    expect(seen.status).toBe(200);
    expect(field(seen, "culvert-error")).toBeNull();
  });
});

describe("time", () => {
  it("server-sent events flush one by one", async () => {
    const upstreamSocket = Promise.withResolvers<Socket>();
    system.raw.script("events", ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
      upstreamSocket.resolve(socket);
    });
    const response = await head(system, { service: "raw-api", path: "/", headers: { "x-case": "events" } });
    const socket = await upstreamSocket.promise;
    let text = "";
    response.on("data", (bytes: Buffer) => (text += bytes.toString()));
    // Each is written only after the previous one has arrived.
    for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
      const expected = text + event;
      socket.write(event);
      await expect.poll(() => text, { timeout: 30_000 }).toBe(expected);
    }
    socket.end();
    await once(response, "end");
  });

  it("the head arrives before the body", async () => {
    const response = await head(system, { service: "node-api", path: "/hang-after-head" });
    expect(response.statusCode).toBe(200);
    response.destroy();
  });

  it("an early answer comes while the upload still runs", async () => {
    const source = new Readable({ read() {} });
    source.push(Buffer.alloc(1000));
    const response = await head(system, {
      service: "node-api",
      path: "/early",
      method: "POST",
      body: source,
    });
    expect(response.statusCode).toBe(200);
    source.push(Buffer.alloc(1000));
    source.push(null);
    expect((await read(response)).body.toString()).toBe("early and late");
  });

  it("the answer of an upstream that refuses an upload and closes arrives", async () => {
    const body = { kind: "pattern", totalBytes: 20 * 1024 * 1024, lengthKnown: false } as const;
    const seen = await probe(system, { service: "node-api", path: "/early-close", method: "POST", body });
    expect(seen).toMatchObject({ threw: null, status: 413 });
    expect(field(seen, "culvert-error")).toBeNull();
  });
});

describe("what ends early", () => {
  it.for(["/cut", "/cut?length"])(
    "%s: a body that the upstream breaks off aborts, never ends cleanly",
    async (path) => {
      const { tunnel, direct } = await bothWays(system, { service: "node-api", path });
      expect(direct.aborted).toBe(true);
      expect(tunnel.aborted).toBe(true);
      expect(tunnel.body.length).toBeLessThanOrEqual(100_000);
      const seen = await probe(system, { service: "node-api", path });
      expect(seen).toMatchObject({ threw: null, status: 200 });
      expect(seen.bodyThrew).not.toBeNull();
    },
  );

  it("a gateway that gives up before the head aborts the upstream request", async () => {
    const headers: [string, string][] = [["x-case", "cancel-before-head"]];
    const cancel = { when: "before-head", afterMs: 200 } as const;
    const seen = await probe(system, { service: "node-api", path: "/hang", headers, cancel });
    expect(seen.threw).toContain("cancelled");
    await system.node.saw("gone", "cancel-before-head");
  });

  it("and so does a caller that disconnects before the head", async () => {
    const request = openCall(system, {
      service: "node-api",
      path: "/hang",
      headers: { "x-case": "destroyed" },
    });
    request.on("error", () => {});
    request.end();
    await system.node.saw("started", "destroyed");
    // If the client only half-closes, the runtime notices it at the next write.
    request.socket?.resetAndDestroy();
    await expect(system.node.saw("gone", "destroyed")).resolves.toBeUndefined();
  });

  it("in mid-download", async () => {
    const headers: [string, string][] = [["x-case", "cancel-download"]];
    const cancel = { when: "mid-download", afterBytes: 200_000 } as const;
    const path = "/pattern?bytes=1073741824";
    const seen = await probe(system, { service: "node-api", path, headers, cancel });
    expect(seen).toMatchObject({ threw: null, status: 200 });
    await system.node.saw("gone", "cancel-download");
  });

  it("in mid-upload", async () => {
    const headers: [string, string][] = [["x-case", "cancel-upload"]];
    const cancel = { when: "mid-upload", afterBytes: 16_000_000 } as const;
    const body = { kind: "pattern", totalBytes: 2 ** 30, lengthKnown: false } as const;
    const wanted = { service: "node-api", path: "/sink", method: "POST", headers, body, cancel };
    expect((await probe(system, wanted)).threw).toContain("cancelled");
    await system.node.saw("gone", "cancel-upload");
  });

  it("and an upload that its sender breaks off", async () => {
    const request = openCall(system, {
      service: "node-api",
      path: "/sink",
      method: "POST",
      headers: { "x-case": "broken-upload", "content-length": "100000" },
    });
    request.on("error", () => {});
    request.write(Buffer.alloc(1000));
    await system.node.saw("started", "broken-upload");
    request.destroy();
    await expect(system.node.saw("gone", "broken-upload")).resolves.toBeUndefined();
  });

  it("frees everything: nothing stays open upstream", async () => {
    await expect.poll(() => system.node.openRequests, { timeout: 30_000 }).toBeLessThanOrEqual(1);
  });
});

describe("connections to the upstream", () => {
  const connectionOf = async (headers: Record<string, string> = {}) => {
    const { body } = await call(system, { service: "raw-api", path: "/", headers });
    return (JSON.parse(body.toString()) as RawAccount).connection;
  };

  it("are kept alive and used again", async () => {
    const first = await connectionOf();
    const used = new Set([first]);
    for (let round = 0; round < 10; round += 1) used.add(await connectionOf());
    // Other cases leave idle connections, which may be reused in any order. None is new.
    expect(Math.max(...used)).toBe(Math.max(first, ...used));
    expect(used.size).toBeLessThan(11);
  });

  it("a stale one causes no error for a request that can be sent again", async () => {
    system.raw.script("then-close", ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      setTimeout(() => socket.destroy(), 5);
    });
    for (let round = 0; round < 30; round += 1) {
      const closing = await call(system, {
        service: "raw-api",
        path: "/",
        headers: { "x-case": "then-close" },
      });
      expect(closing.status).toBe(200);
      // Around the moment at which the idle connection closes.
      await new Promise((resolve) => setTimeout(resolve, round % 10));
      expect((await call(system, { service: "raw-api", path: "/" })).status).toBe(200);
    }
  });

  it("one that is closed on the request itself is tried once more on a new one", async () => {
    let closed = 0;
    system.raw.script("close-first", ({ socket }) => {
      closed += 1;
      if (closed === 1) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nagain");
    });
    // There must be an idle connection; otherwise the request cannot meet a stale one.
    await connectionOf();
    const answer = await call(system, {
      service: "raw-api",
      path: "/",
      headers: { "x-case": "close-first" },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe("again");
  });

  it("a POST is never sent twice", async () => {
    let posts = 0;
    system.raw.script("close-post", ({ socket }) => {
      posts += 1;
      socket.destroy();
    });
    await connectionOf();
    const answer = await call(system, {
      service: "raw-api",
      path: "/",
      method: "POST",
      headers: { "x-case": "close-post" },
      body: "pay 100",
    });
    expect(answer.status).toBe(502);
    expect(field(answer, "culvert-error")).toBe("UPSTREAM_PROTOCOL");
    expect(posts).toBe(1);
  });
});

it("bytes of a large answer arrive unchanged", async () => {
  const headers = { "x-case": "large-answer" };
  const answer = await call(system, { service: "node-api", path: "/pattern?bytes=20000000", headers });
  const hash = createHash("sha256").update(answer.body).digest("hex");
  expect(hash).toBe(system.node.sentSha256.get("large-answer"));
});
