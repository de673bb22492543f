import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startConnector, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import type { LocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { field, read } from "../support/calls.ts";
import type { Answer } from "../support/calls.ts";
import { gatewayBundle } from "../support/made-once.ts";
import { HttpUpstream } from "../support/servers/http-upstream.ts";
import { RawUpstream } from "../support/servers/raw-upstream.ts";
import type { RawAccount } from "../support/servers/raw-upstream.ts";

const ADMIN_KEY = "admin-key-of-the-access-tests-0123";

/** Each is a gateway Worker that is bound to both tunnels, and also a gateway outside the account with a key. */
const CALLERS = ["shop production", "shop preview", "bank production"] as const;
type Caller = (typeof CALLERS)[number];
type TunnelName = "east" | "west";

const raw = new RawUpstream();
const node = new HttpUpstream();
const closers: (() => Promise<unknown>)[] = [];
const keys = new Map<Caller, { kid: string; key: string }>();
let system: LocalTunnels;

function open(...callers: Caller[]) {
  return callers.map((caller) => {
    const [project = "", accessibleBy = ""] = caller.split(" ");
    return { project, accessibleBy };
  });
}

function service(name: string, configurations: object[], endpoint = `http://127.0.0.1:${raw.port}`) {
  return { name, endpoint, configurations };
}

/** Who may call what. Everything else is denied. */
const ALLOWED: Record<TunnelName, Record<string, readonly Caller[]>> = {
  east: {
    "both-tunnels": ["shop production"],
    "east-preview": ["shop preview"],
    "east-open": CALLERS,
    "east-closed": [],
    "east-host": ["shop production", "bank production"],
  },
  west: {
    "both-tunnels": ["bank production"],
    "west-shop": ["shop production", "shop preview"],
  },
};

function servicesOf(tunnel: TunnelName) {
  return Object.entries(ALLOWED[tunnel])
    .filter(([name]) => !name.endsWith("-host"))
    .map(([name, callers]) => service(name, open(...callers)));
}

function eastFile() {
  return {
    version: 1,
    services: [
      ...servicesOf("east"),
      service("node-api", open("shop production"), `http://127.0.0.1:${node.port}`),
      service("ruled-api", [{ project: "shop", accessibleBy: "production", paths: ["/v1/charges"] }]),
      service("based-api", open("shop production"), `http://127.0.0.1:${raw.port}/base`),
    ],
    networks: [
      {
        hosts: [`127.0.0.1:${raw.port}`],
        configurations: open(...(ALLOWED.east["east-host"] ?? [])),
      },
    ],
  };
}

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "culvert-access-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  for (const upstream of [raw, node]) {
    await upstream.listen();
    closers.push(() => upstream.close());
  }
  const bundlePath = await gatewayBundle(directory);
  system = await startLocalTunnels({
    relayBundle: RELAY_BUNDLE,
    persistDir: join(directory, "state"),
    adminKey: ADMIN_KEY,
    services: { east: eastFile(), west: { version: 1, services: servicesOf("west") } },
    gateways: (ids) =>
      CALLERS.map((caller) => {
        const [project, environment] = caller.split(" ");
        return {
          name: caller,
          bundlePath,
          tunnelBindings: ["east", "west"].map((name) => ({
            binding: name,
            props: { tunnel: ids[name], project, environment },
          })),
        };
      }),
  });
  closers.push(() => system.workerd.stop(500));
  for (const name of ["east", "west"] as const) {
    const { admin } = system;
    const connector = await startConnector(
      CULVERT_BUNDLE,
      { admin, tunnel: tunnelOf(name) },
      { TUNNEL_ALLOW: "127.0.0.1" },
    );
    closers.push(() => connector.stop(2_000));
  }
  for (const caller of CALLERS) keys.set(caller, await createKey(caller));
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function tunnelOf(name: TunnelName) {
  const tunnel = system.tunnels[name];
  if (tunnel === undefined) throw new Error(`no tunnel ${name}`);
  return tunnel;
}

async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${system.workerd.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return (text === "" ? null : JSON.parse(text)) as T;
}

function createKey(caller: Caller): Promise<{ kid: string; key: string }> {
  const [project, environment] = caller.split(" ");
  return admin("POST", "/gateway-keys", { project, environment });
}

interface Sent {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer | Readable;
}

/** Sends the path exactly as written. A client library could change it. */
async function send(url: string, path: string, { method = "GET", headers = {}, body }: Sent = {}) {
  const { hostname, port } = new URL(url);
  const request = httpRequest({ hostname, port, path, method, headers, agent: false });
  const response = once(request, "response", { signal: AbortSignal.timeout(20_000) });
  if (body instanceof Readable) pipeline(body, request).catch(() => {});
  else request.end(body);
  return ((await response) as [IncomingMessage])[0];
}

/** Sends through the caller's own gateway Worker and its binding. */
async function bound(tunnel: TunnelName, caller: Caller, target: string, sent?: Sent): Promise<Answer> {
  const gateway = system.workerd.gatewayUrls[caller];
  if (gateway === undefined) throw new Error(`no gateway ${caller}`);
  return read(await send(gateway, `/pass/${tunnel}/http://${target}`, sent));
}

function keyRoute(tunnel: TunnelName, target: string): string {
  return `/~/${tunnelOf(tunnel).id}/${target}`;
}

function keyHeader(caller: Caller): Record<string, string> {
  return { "culvert-gateway-key": keys.get(caller)?.key ?? "" };
}

/** Sends over HTTPS (here: HTTP) with the caller's key. */
async function keyed(tunnel: TunnelName, caller: Caller, target: string, sent: Sent = {}): Promise<Answer> {
  const headers = { ...keyHeader(caller), ...sent.headers };
  return read(await send(system.workerd.url, keyRoute(tunnel, target), { ...sent, headers }));
}

function outcome({ status, headers }: Answer): string {
  return field({ headers }, "culvert-error") ?? String(status);
}

describe("two tunnels, each with several gateways", () => {
  const names = [...new Set(Object.values(ALLOWED).flatMap((services) => Object.keys(services)))];
  const matrix = (["east", "west"] as const).flatMap((tunnel) =>
    CALLERS.flatMap((caller) =>
      names.map((name) => {
        const allowed = ALLOWED[tunnel][name];
        const expected =
          allowed === undefined ? "UNKNOWN_SERVICE" : allowed.includes(caller) ? "200" : "ACCESS_DENIED";
        return { tunnel, caller, name, expected };
      }),
    ),
  );

  it("let every caller reach what it may, and nothing else, by binding and by key", async () => {
    const seen = await Promise.all(
      matrix.map(async (row) => {
        const target = `${row.name === "east-host" ? `127.0.0.1:${raw.port}` : row.name}/x`;
        const [byBinding, byKey] = await Promise.all([
          bound(row.tunnel, row.caller, target),
          keyed(row.tunnel, row.caller, target),
        ]);
        return { ...row, byBinding: outcome(byBinding), byKey: outcome(byKey) };
      }),
    );
    expect(seen).toEqual(matrix.map((row) => ({ ...row, byBinding: row.expected, byKey: row.expected })));
    expect(matrix).toHaveLength(36);
  });

  it("take no identity from anything a client sends", async () => {
    const headers = {
      "culvert-project": "shop",
      "culvert-environment": "production",
      "culvert-claim": '{"kind":"request","project":"shop","environment":"production"}',
      "x-culvert-project": "shop",
      cf: '{"culvert":{"kind":"request","project":"shop","environment":"production"}}',
    };
    expect(outcome(await bound("east", "shop preview", "both-tunnels/x", { headers }))).toBe("ACCESS_DENIED");
    expect(outcome(await keyed("east", "shop preview", "both-tunnels/x", { headers }))).toBe("ACCESS_DENIED");
    const noKey = await send(system.workerd.url, keyRoute("east", "both-tunnels/x"), { headers });
    expect(outcome(await read(noKey))).toBe("UNAUTHENTICATED");
  });
});

describe("a change", () => {
  it("applies from the next request on, without reconnecting anything", async () => {
    const path = `/tunnels/${tunnelOf("east").id}`;
    const connectedAt = async () =>
      (await admin<{ connectors: { connectedAt: string }[] }>("GET", path)).connectors[0]?.connectedAt;
    const before = await connectedAt();
    const file = eastFile();
    const closed = file.services.map((each) =>
      each.name === "both-tunnels" ? { ...each, configurations: open("shop preview") } : each,
    );
    const ask = async () => [
      outcome(await bound("east", "shop production", "both-tunnels/x")),
      outcome(await keyed("east", "shop preview", "both-tunnels/x")),
    ];
    expect(await ask()).toEqual(["200", "ACCESS_DENIED"]);
    await admin("PUT", `${path}/services-configuration`, { ...file, services: closed });
    expect(await ask()).toEqual(["ACCESS_DENIED", "200"]);
    await admin("PUT", `${path}/services-configuration`, file);
    expect(await ask()).toEqual(["200", "ACCESS_DENIED"]);
    expect(before).toBeDefined();
    expect(await connectedAt()).toBe(before);
  });

  it("of gateway keys applies from the next request on, for every tunnel", async () => {
    const { kid, key } = await createKey("bank production");
    const ask = async () => {
      const headers = { "culvert-gateway-key": key };
      const targets = [keyRoute("east", "east-open/x"), keyRoute("west", "both-tunnels/x")];
      const answers = targets.map(async (path) => read(await send(system.workerd.url, path, { headers })));
      return (await Promise.all(answers)).map(outcome);
    };
    expect(await ask()).toEqual(["200", "200"]);
    await admin("DELETE", `/gateway-keys/${kid}`);
    expect(await ask()).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  });
});

describe("path rules", () => {
  it.each([
    ["/v1/charges/17?limit=3", "200"],
    ["/v1/charges/a%20b", "200"],
    ["/v1/refunds", "ACCESS_DENIED"],
    ["/v1/charges/..%2f..%2fadmin", "BAD_REQUEST"],
    ["/v1/charges//admin", "BAD_REQUEST"],
    ["/v1/charges%2f17", "BAD_REQUEST"],
    ["/v1/charges/%5c..%5cadmin", "BAD_REQUEST"],
    ["/v1/charges/..;/admin", "BAD_REQUEST"],
  ])("answer %s with %s", async (path, expected) => {
    expect(outcome(await keyed("east", "shop production", `ruled-api${path}`))).toBe(expected);
    expect(outcome(await bound("east", "shop production", `ruled-api${path}`))).toBe(expected);
  });

  it("forward the original bytes, not the normalised copy", async () => {
    const { body } = await keyed("east", "shop production", "ruled-api/v1/ch%61rges/%7e");
    expect((JSON.parse(body.toString()) as RawAccount).requestLine).toBe("GET /v1/ch%61rges/%7e HTTP/1.1");
  });

  it("let no path lead out from under an endpoint's own", async () => {
    expect(outcome(await keyed("east", "shop production", "based-api/..%2fadmin"))).toBe("BAD_REQUEST");
    const { body } = await keyed("east", "shop production", "based-api/group%2Fproject");
    expect((JSON.parse(body.toString()) as RawAccount).requestLine).toBe(
      "GET /base/group%2Fproject HTTP/1.1",
    );
  });
});

describe("a gateway outside the account", () => {
  const shop = "shop production";

  it("reaches the upstream with method, path, query, headers and body as they were sent", async () => {
    const path = "/a//b/%2F/;x=1/%C3%A9/+?q=%zz&r=a%20b";
    const sent = {
      method: "PUT",
      headers: { "x-one": "1", authorization: "Bearer its-own" },
      body: "payload",
    };
    const byKey = await keyed("east", shop, `east-open${path}`, sent);
    const byBinding = await bound("east", shop, `east-open${path}`, sent);
    const account = (answer: Answer) => {
      const { requestLine, headers, bodyBase64 } = JSON.parse(answer.body.toString()) as RawAccount;
      return {
        requestLine,
        bodyBase64,
        headers: new Map(headers.filter(([name]) => name !== "traceparent")),
      };
    };
    expect(account(byKey)).toEqual(account(byBinding));
    expect(account(byKey).requestLine).toBe(`PUT ${path} HTTP/1.1`);
    expect(account(byKey).headers.get("authorization")).toBe("Bearer its-own");
    expect([...account(byKey).headers.keys()].filter((name) => name.startsWith("culvert"))).toEqual([]);
    expect(byKey.body.toString()).not.toContain(keys.get(shop)?.key);
  });

  it("gets the answer unchanged: redirects, cookies, encodings, HEAD", async () => {
    const packed = gzipSync("zipped");
    raw.answer(
      "moved",
      "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
    );
    raw.answer(
      "cookies",
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-encoding: gzip\r\n` +
            `culvert-error: FAKE\r\ncontent-length: ${packed.length}\r\n\r\n`,
        ),
        packed,
      ]),
    );
    raw.answer("head", "HTTP/1.1 200 OK\r\ncontent-length: 12345\r\ncontent-encoding: gzip\r\n\r\n");
    const ask = (name: string, method = "GET") =>
      keyed("east", shop, "east-open/x", { method, headers: { "x-case": name } });
    const moved = await ask("moved");
    expect([moved.status, field(moved, "location")]).toEqual([302, "http://169.254.169.254/"]);
    const cookies = await ask("cookies");
    expect(cookies.headers.filter(([name]) => name === "set-cookie")).toHaveLength(2);
    expect(cookies.body).toEqual(packed);
    expect(field(cookies, "culvert-error")).toBeNull();
    const head = await ask("head", "HEAD");
    expect([head.status, field(head, "content-length"), field(head, "content-encoding")]).toEqual([
      200,
      "12345",
      "gzip",
    ]);
  });

  it("streams an upload of unknown length, and events as they happen", async () => {
    const bytes = Buffer.alloc(3_000_000, "culvert ");
    const answer = await keyed("east", shop, "node-api/sink", {
      method: "POST",
      body: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
    });
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });

    const events = await send(system.workerd.url, keyRoute("east", "node-api/hang-after-head"), {
      headers: keyHeader(shop),
    });
    let text = "";
    for await (const bytes of events as AsyncIterable<Buffer>) {
      text += bytes.toString();
      // The upstream never ends it.
      if (text === "first") break;
    }
    events.destroy();
  });

  it("that goes away ends the upstream's work", async () => {
    const headers = { ...keyHeader(shop), "x-case": "gone away" };
    const response = await send(system.workerd.url, keyRoute("east", "node-api/pattern?bytes=1000000000"), {
      headers,
    });
    await once(response, "data");
    response.on("error", () => {}).destroy();
    await expect(node.saw("gone", "gone away")).resolves.toBeUndefined();
  });

  it("speaks WebSocket", async () => {
    const url = system.workerd.url.replace("http", "ws") + keyRoute("east", "node-api/ws/echo");
    const socket = new WebSocket(url, ["chosen.v2"], { headers: keyHeader(shop) });
    await once(socket, "open");
    expect(socket.protocol).toBe("chosen.v2");
    socket.send("hello");
    expect(String(((await once(socket, "message")) as [Buffer])[0])).toBe("hello");
    socket.close(4321, "enough");
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4321, "enough"]);

    const refused = new WebSocket(url, { headers: { "culvert-gateway-key": "wrong" } });
    const [, response] = (await once(refused, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    refused.on("error", () => {}).terminate();
  });
});
