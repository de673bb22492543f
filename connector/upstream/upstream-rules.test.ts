import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import {
  createSecureServer,
  createServer as createH2cServer,
  type ServerHttp2Stream,
  type Http2Server,
} from "node:http2";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { formatToken } from "../../shared/tokens/token.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { CertificateAuthority, type Identity } from "../../test/support/certificates.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { untilStill } from "../../test/support/until-still.ts";
import { loadConfig } from "../settings/connector-settings.ts";
import { fixedNames } from "../../test/support/fixed-names.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Upstream, type UpstreamRequest } from "./upstream.ts";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";

const TOKEN = formatToken({
  relayUrl: "https://relay.example",
  tunnelId: `tnl_${"a".repeat(20)}`,
  kid: `k_${"b".repeat(12)}`,
  secret: new Uint8Array(32).fill(7),
});
const authority = new CertificateAuthority("Private CA");
const otherAuthority = new CertificateAuthority("Other CA");
const server = authority.issue("api.internal");
const client = authority.issue("connector");
const stranger = otherAuthority.issue("connector");
const FILES: Record<string, string> = {
  "/ca.pem": authority.cert,
  "/client.pem": client.cert,
  "/client.key": client.key,
  "/stranger.pem": stranger.cert,
  "/stranger.key": stranger.key,
};

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** Every name is at 127.0.0.1, unless the test says otherwise. */
const here = fixedNames(() => ["127.0.0.1"]);

function upstreamWith(upstreams: object, { allow = "*", names = here } = {}): Upstream {
  const env = { TUNNEL_TOKEN: TOKEN, TUNNEL_ALLOW: allow, TUNNEL_UPSTREAMS: JSON.stringify(upstreams) };
  const loaded = loadConfig({}, env, (path) => FILES[path] ?? "");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { policy, limits, upstreams: rules } = loaded.config;
  const upstream = new Upstream({
    ...{ policy, limits, rules, clock: nodeClock, names },
    reportFault: throwFault,
    memory: memoryOf(),
  });
  closing.push(() => upstream.close());
  return upstream;
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with what it saw of the caller. */
function tlsServer(identity: Identity, options: ServerOptions = {}): Promise<number> {
  const server = createHttpsServer({ ...identity, ...options }, ({ socket, headers }, response) => {
    const tls = socket as TLSSocket & { servername?: string };
    const seen = { host: headers.host, sni: tls.servername, client: tls.getPeerCertificate().subject?.CN };
    response.end(JSON.stringify({ ...seen, version: tls.getProtocol() }));
  });
  return listening(server);
}

interface Outcome {
  status: number | null;
  fields: string[];
  trailers: string[];
  body: string;
  ended: boolean;
  error: TunnelError | null;
  tornDown: boolean;
  abort(): void;
}

function send(upstream: Upstream, target: string, request: Partial<UpstreamRequest> = {}): Outcome {
  const outcome: Outcome = {
    ...{ status: null, fields: [], trailers: [], body: "", ended: false, error: null, tornDown: false },
    abort() {},
  };
  const exchange = upstream.request(
    {
      service: "s",
      caller: "project-a\nproduction",
      target,
      method: "GET",
      path: "/",
      rawHeaders: [],
      body: null,
      ...request,
    },
    {
      onResponse(status, _reason, raw) {
        outcome.status = status;
        outcome.fields = raw.flat();
      },
      onData: (bytes) => void (outcome.body += bytes.toString("latin1")),
      onEnd(trailers) {
        outcome.ended = true;
        outcome.trailers = trailers.flat();
      },
      onError: (error) => void (outcome.error = error),
      onTornDown: () => void (outcome.tornDown = true),
    },
  );
  outcome.abort = () => exchange.abort();
  return outcome;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

async function sent(...args: Parameters<typeof send>): Promise<Outcome> {
  const outcome = send(...args);
  await until(() => outcome.tornDown);
  return outcome;
}

const seenBy = ({ body }: Outcome): unknown => JSON.parse(body);

describe("TLS upstreams", () => {
  it("are trusted by their private CA, and by nothing else", async () => {
    const target = `https://api.internal:${await tlsServer(server)}`;
    const trusting = { "*.internal": { caFile: "/ca.pem" } };
    expect((await sent(upstreamWith(trusting), target)).status).toBe(200);
    for (const rules of [{}, { "other.internal": { caFile: "/ca.pem" } }]) {
      const { error } = await sent(upstreamWith(rules), target);
      expect(error).toMatchObject({ code: "UPSTREAM_TLS", notProcessed: true });
    }
    const wrongName = await sent(upstreamWith(trusting), target.replace("api.", "web."));
    expect(wrongName.error).toMatchObject({ code: "UPSTREAM_TLS" });
  });

  it("are shown the client certificate that they ask for", async () => {
    const port = await tlsServer(server, { requestCert: true, ca: authority.cert });
    const target = `https://api.internal:${port}`;
    const rules = (name: string) => ({
      "api.internal": { caFile: "/ca.pem", certFile: `/${name}.pem`, keyFile: `/${name}.key` },
    });
    expect(seenBy(await sent(upstreamWith(rules("client")), target))).toMatchObject({ client: "connector" });
    for (const without of [rules("stranger"), { "api.internal": { caFile: "/ca.pem" } }]) {
      // With TLS 1.3 a server refuses a client's certificate after the client's side of the handshake.
      expect((await sent(upstreamWith(without), target)).error?.code).toMatch(/^UPSTREAM_(TLS|PROTOCOL)$/);
    }
  });

  it("get another server name and host if the settings say so", async () => {
    const port = await tlsServer(server);
    const settings = { caFile: "/ca.pem", serverName: "api.internal", hostHeader: "public.example:8443" };
    const upstream = upstreamWith({ "web.internal": settings, "127.0.0.0/8": settings });
    for (const host of ["web.internal", "127.0.0.1"]) {
      // The operator's own word goes before the relay's.
      const outcome = await sent(upstream, `https://${host}:${port}`, { host: "relay.example" });
      expect(seenBy(outcome)).toMatchObject({ host: "public.example:8443", sni: "api.internal" });
    }
  });

  it("must speak the oldest version that is permitted, or a newer one", async () => {
    const target = `https://api.internal:${await tlsServer(server, { maxVersion: "TLSv1.2" })}`;
    const rules = (minTlsVersion: string | number) => ({ "*": { caFile: "/ca.pem", minTlsVersion } });
    expect(seenBy(await sent(upstreamWith(rules("1.2")), target))).toMatchObject({ version: "TLSv1.2" });
    expect((await sent(upstreamWith(rules(1.3)), target)).error).toMatchObject({ code: "UPSTREAM_TLS" });
  });

  it("are not checked if the settings say so", async () => {
    const port = await tlsServer(otherAuthority.issue("somebody.else"));
    const upstream = upstreamWith({ "api.internal": { insecure: true } });
    expect((await sent(upstream, `https://api.internal:${port}`)).status).toBe(200);
    const other = await sent(upstream, `https://web.internal:${port}`);
    expect(other.error).toMatchObject({ code: "UPSTREAM_TLS" });
  });
});

describe("HTTP/2 upstreams", () => {
  /** `handler` per stream; counts connections. */
  async function http2Server(
    kind: "tls" | "plain",
    handler: (stream: ServerHttp2Stream, path: string, method: string) => void,
    settings: { maxConcurrentStreams?: number } = {},
  ) {
    const server: Http2Server =
      kind === "plain"
        ? createH2cServer({ settings })
        : createSecureServer({ ...tlsIdentity, allowHTTP1: true, settings });
    const seen = { connections: 0, openStreams: 0 };
    server.on("session", () => seen.connections++);
    server.on("stream", (stream, headers) => {
      seen.openStreams++;
      stream.on("close", () => seen.openStreams--);
      stream.on("error", () => {});
      handler(stream, headers[":path"] ?? "", headers[":method"] ?? "");
    });
    return { seen, port: await listening(server) };
  }
  const tlsIdentity = server;
  const trusting = { "*": { caFile: "/ca.pem" } };

  it("are found by ALPN, and share one connection among many requests", async () => {
    const { port, seen } = await http2Server("tls", (stream, path) => {
      stream.respond({ ":status": 200, "x-path": path, "set-cookie": ["a=1", "b=2"] });
      setTimeout(() => stream.end("ok"), 20);
    });
    const upstream = upstreamWith(trusting);
    const outcomes = Array.from({ length: 50 }, (_, i) =>
      send(upstream, `https://api.internal:${port}`, {
        path: `/a%2Fb//?${i}`,
        rawHeaders: ["x-a", "1", "x-a", "\u00c3\u00bc"],
      }),
    );
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    for (const [i, outcome] of outcomes.entries()) {
      expect(outcome).toMatchObject({ status: 200, body: "ok", ended: true, error: null });
      expect(outcome.fields.slice(0, 6)).toEqual([
        "x-path",
        `/a%2Fb//?${i}`,
        "set-cookie",
        "a=1",
        "set-cookie",
        "b=2",
      ]);
    }
    expect(seen.connections).toBe(1);
  });

  it("are used over HTTP/1.1 if they choose it, or if the settings say so", async () => {
    const port = await tlsServer(server);
    expect((await sent(upstreamWith(trusting), `https://api.internal:${port}`)).status).toBe(200);
    const both = await http2Server("tls", () => {});
    const told = upstreamWith({ "*": { caFile: "/ca.pem", protocol: "http1" } });
    const outcome = send(told, `https://api.internal:${both.port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    outcome.abort();
    expect(both.seen.openStreams).toBe(0);
    const needing = upstreamWith({ "*": { caFile: "/ca.pem", protocol: "http2" } });
    const { error } = await sent(needing, `https://api.internal:${port}`);
    expect(error).toMatchObject({ notProcessed: true });
  });

  it("work without TLS if the settings say so, with bodies, trailers and 1xx", async () => {
    const { port } = await http2Server("plain", (stream, _path, method) => {
      stream.additionalHeaders({ ":status": 103 });
      stream.respond({ ":status": 201, "x-method": method }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "42" }));
      stream.pipe(stream);
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    const body = Readable.from([Buffer.from("one "), Buffer.from("two")]);
    for (const given of [Buffer.from("one two"), body]) {
      const outcome = await sent(upstream, `http://api.internal:${port}`, { method: "POST", body: given });
      expect(outcome).toMatchObject({ status: 201, body: "one two", ended: true, trailers: ["x-sum", "42"] });
    }
  });

  it("end a body early with an error, however they do it", async () => {
    let breakOff = (): void => {};
    const { port } = await http2Server("plain", (stream, path) => {
      stream.respond({ ":status": 200 });
      stream.write("half");
      breakOff = () => {
        if (path === "/reset") stream.destroy(new Error("broken"));
        else stream.session?.destroy();
      };
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    for (const path of ["/reset", "/gone"]) {
      const outcome = send(upstream, `http://api.internal:${port}`, { path });
      await until(() => outcome.body === "half");
      breakOff();
      await until(() => outcome.tornDown);
      expect(outcome).toMatchObject({ status: 200, ended: false, error: { code: "UPSTREAM_PROTOCOL" } });
    }
  });

  it("lose a cancelled request and keep the connection", async () => {
    const { port, seen } = await http2Server("plain", (stream, path) => {
      if (path === "/") stream.respond({ ":status": 200 }, { endStream: true });
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    const target = `http://api.internal:${port}`;
    await sent(upstream, target);
    for (let i = 0; i < 20; i++) {
      const waiting = send(upstream, target, {
        path: "/wait",
        method: "POST",
        body: new Readable({ read() {} }),
      });
      await until(() => seen.openStreams === 1);
      waiting.abort();
      await until(() => waiting.tornDown && seen.openStreams === 0);
    }
    expect((await sent(upstream, target)).status).toBe(200);
    expect(seen.connections).toBe(1);
  });

  it("that refuse a stream are asked again, several times, and have not processed it", async () => {
    let refusals = 0;
    const { port } = await http2Server("plain", (stream, path) => {
      if (refusals++ < Number(path.slice(1))) stream.close(7);
      else stream.respond({ ":status": 200 }, { endStream: true });
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    const asked = (path: string) => sent(upstream, `http://api.internal:${port}`, { method: "POST", path });
    const { error } = await asked("/1000");
    expect(error).toMatchObject({ code: "UPSTREAM_REFUSED", notProcessed: true });
    expect(refusals).toBe(3);
    refusals = 0;
    expect(await asked("/2")).toMatchObject({ status: 200, error: null });
  });

  it("that send GOAWAY finish accepted streams, and the next request uses another connection", async () => {
    const { port, seen } = await http2Server("plain", (stream) => {
      stream.session?.goaway();
      stream.respond({ ":status": 200 });
      setTimeout(() => stream.end("done"), 30);
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    const first = send(upstream, `http://api.internal:${port}`);
    await until(() => first.status === 200);
    const second = await sent(upstream, `http://api.internal:${port}`);
    expect([first.body, second.body]).toEqual(["done", "done"]);
    expect(seen.connections).toBe(2);
  });

  it("stop sending while nobody reads, without holding up the others", async () => {
    let sentBytes = 0;
    const { port } = await http2Server("plain", (stream, path) => {
      stream.respond({ ":status": 200 });
      if (path === "/small") return void stream.end("small");
      const more = () => {
        do sentBytes += 65_536;
        while (stream.write(Buffer.alloc(65_536)));
      };
      stream.on("drain", more);
      more();
    });
    const upstream = upstreamWith({ "*": { protocol: "http2" } });
    const target = `http://api.internal:${port}`;
    const exchange = upstream.request(
      {
        service: "s",
        caller: "project-a\nproduction",
        target,
        method: "GET",
        path: "/big",
        rawHeaders: [],
        body: null,
      },
      { onResponse() {}, onData: () => exchange.pause(), onEnd() {}, onError() {}, onTornDown() {} },
    );
    await until(() => sentBytes > 0);
    const stoppedAt = await untilStill(() => sentBytes);
    expect((await sent(upstream, target, { path: "/small" })).body).toBe("small");
    expect(sentBytes).toBe(stoppedAt);
    expect(sentBytes).toBeLessThan(4 * 1024 * 1024);
    exchange.abort();
  });
});

describe("Unix sockets", () => {
  it("stand in for host and port, where a rule allows the name", async () => {
    const directory = mkdtempSync(join(tmpdir(), "culvert-"));
    closing.push(() => rmSync(directory, { recursive: true }));
    const socket = join(directory, "api.sock");
    const server = createHttpServer(({ headers }, response) => response.end(headers.host)).listen(socket);
    await once(server, "listening");
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const rules = { "api.internal": { socket } };
    expect((await sent(upstreamWith(rules), "http://api.internal")).body).toBe("api.internal");
    const byRange = await sent(upstreamWith(rules, { allow: "0.0.0.0/0" }), "http://api.internal");
    expect(byRange.error).toMatchObject({ code: "UPSTREAM_NOT_ALLOWED" });
  });
});

describe("names", () => {
  it("whose address changes are followed by new connections, and never to a blocked one", async () => {
    let address = "127.0.0.1";
    const flipping = fixedNames(() => [address]);
    const server = createHttpServer((_request, response) => {
      response.setHeader("connection", "close");
      response.end("good");
    });
    const port = await listening(server);
    const upstream = upstreamWith(
      { "*": { connectTimeout: "200ms" } },
      { allow: "127.0.0.0/8", names: flipping },
    );
    const target = `http://flip.internal:${port}`;
    for (let round = 0; round < 3; round++) {
      address = "127.0.0.1";
      expect((await sent(upstream, target)).body).toBe("good");
      for (address of ["169.254.169.254", "10.0.0.1"]) {
        const { error } = await sent(upstream, target);
        expect(error).toMatchObject({ code: "UPSTREAM_NOT_ALLOWED", notProcessed: true });
      }
    }
  });

  it("with several addresses are reached at the one that answers", async () => {
    const port = await listening(createHttpServer((_request, response) => response.end("good")));
    const names = fixedNames(() => ["127.0.0.2", "127.0.0.1", "169.254.169.254"]);
    expect((await sent(upstreamWith({}, { names }), `http://many.internal:${port}`)).body).toBe("good");
  });
});

describe("the pool", () => {
  it("opens as many connections as it may, and requests over that wait their turn", async () => {
    let open = 0;
    let most = 0;
    const server = createHttpServer((_request, response) => setTimeout(() => response.end("ok"), 10));
    server.on("connection", (socket) => {
      most = Math.max(most, ++open);
      socket.on("close", () => open--);
    });
    const port = await listening(server);
    const upstream = upstreamWith({ "*": { maxConnections: 3 } });
    const outcomes = Array.from({ length: 30 }, () => send(upstream, `http://api.internal:${port}`));
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    expect(outcomes.every(({ body }) => body === "ok")).toBe(true);
    expect(most).toBe(3);
  });

  it("does not reuse a connection after a response that said it is the last", async () => {
    const server = createHttpServer((request, response) => {
      request.resume().on("end", () => response.writeHead(200, { connection: "close" }).end("ok"));
    });
    const port = await listening(server);
    const upstream = upstreamWith({ "*": { maxConnections: 2 } });
    const outcomes = Array.from({ length: 20 }, () => {
      // What is streamed cannot be sent twice.
      return send(upstream, `http://api.internal:${port}`, { method: "POST", body: Readable.from(["body"]) });
    });
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    expect(outcomes.map(({ error, body }) => error?.message ?? body)).toEqual(outcomes.map(() => "ok"));
  });

  it("gives a request that met a stale connection a new one, even if used ones become free", async () => {
    // Every connection answers once and is then closed without a word when it is used again.
    const server = await new ByteServer((socket, all) => {
      if (all.split("GET ").length > 2) socket.destroy();
      else setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), 5);
    }).start();
    closing.push(() => server.close());
    const upstream = upstreamWith({ "*": { maxConnections: 2 } });
    const outcomes = Array.from({ length: 20 }, () => send(upstream, `http://api.internal:${server.port}`));
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    expect(outcomes.map(({ error, body }) => error?.message ?? body)).toEqual(outcomes.map(() => "ok"));
  });

  it("gives up waiting after the connect timeout, and passes on a cancelled request's place", async () => {
    const port = await listening(createHttpServer(() => {}));
    const upstream = upstreamWith({ "*": { maxConnections: 1, connectTimeout: "80ms" } });
    const target = `http://api.internal:${port}`;
    const first = send(upstream, target);
    const late = await sent(upstream, target);
    expect(late.error).toMatchObject({ code: "UPSTREAM_CONNECT_TIMEOUT", notProcessed: true });
    expect(late.error?.message).toContain("stayed in use");
    const third = send(upstream, target, { connectTimeoutMs: 4_000, responseTimeoutMs: 30 });
    first.abort();
    await until(() => third.tornDown);
    expect(third.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT" });
  });

  it.each(["http1", "http2"])(
    "closes an unused connection after its idle timeout, in %s",
    async (protocol) => {
      const server =
        protocol === "http2"
          ? createH2cServer((_request, response) => void response.end("ok"))
          : createHttpServer({ keepAliveTimeout: 0 }, (_request, response) => void response.end("ok"));
      const sockets: Socket[] = [];
      server.on("connection", (socket: Socket) => sockets.push(socket));
      const port = await listening(server);
      const upstream = upstreamWith({
        "long.internal": { protocol, idleTimeout: "10m" },
        "short.internal": { protocol, idleTimeout: "50ms" },
      });
      expect((await sent(upstream, `http://long.internal:${port}`)).body).toBe("ok");
      expect((await sent(upstream, `http://short.internal:${port}`)).body).toBe("ok");
      await until(() => sockets[1]?.destroyed === true);
      expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, true]);
    },
  );

  it("takes the service's timeout before the upstream's", async () => {
    const port = await listening(createHttpServer(() => {}));
    const upstream = upstreamWith({ "*": { responseTimeout: "40ms" } });
    const { error } = await sent(upstream, `http://api.internal:${port}`);
    expect(error?.message).toContain("within 40 ms");
    const own = await sent(upstream, `http://api.internal:${port}`, { responseTimeoutMs: 20 });
    expect(own.error?.message).toContain("within 20 ms");
  });

  it("keeps nothing once it is closed", async () => {
    let open = 0;
    const server = createHttpServer((_request, response) => setTimeout(() => response.end("ok"), 40));
    server.on("connection", (socket) => {
      open++;
      socket.on("close", () => open--);
    });
    const port = await listening(server);
    const upstream = upstreamWith({});
    await sent(upstream, `http://api.internal:${port}`);
    const running = send(upstream, `http://api.internal:${port}`);
    upstream.close();
    await until(() => running.tornDown);
    expect(running.body).toBe("ok");
    await until(() => open === 0);
  });
});
