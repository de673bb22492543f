import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { AttachedConnector } from "../support/attached-connector.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { Call } from "../support/peers/relay-double.ts";

/** 192 KiB: more than one window and one socket's buffer. */
const LARGE = Buffer.from(Uint8Array.from({ length: 192 * 1024 }, (_, index) => (index * 7) % 251));

const closing: (() => unknown)[] = [];
const authority = new CertificateAuthority("test authority");
const identity = authority.issue("localhost");
let directory: string;
let attached: AttachedConnector;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "culvert-tcp-"));
  attached = await connectorWith({});
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function connectorWith(env: Record<string, string>): Promise<AttachedConnector> {
  const connector = await new AttachedConnector().start(env);
  closing.push(() => connector.stop());
  return connector;
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function open(target: string, facts: Partial<OpenHead> = {}): Call {
  const { mux } = attached.relay.current;
  return new Call(mux, target, { kind: "tcp", method: "CONNECT", path: "", ...facts }, { end: false });
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

async function stood(call: Call): Promise<Call> {
  await until(() => call.head !== null || call.closed);
  expect(call.error).toBe(null);
  return call;
}

/** Reads to the end, then sends the same bytes back. */
const mirror = (socket: Socket): void => {
  const parts: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => parts.push(bytes));
  socket.on("end", () => socket.end(Buffer.concat(parts)));
};

const secured = (socket: Socket): TLSSocket =>
  new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext(identity),
    allowHalfOpen: true,
  } as ConstructorParameters<typeof TLSSocket>[1]);

describe("a TCP stream", () => {
  it("carries every byte both ways over half-closes", async () => {
    const call = await stood(open(`tcp://127.0.0.1:${await listen(mirror)}`));
    expect(call.head).toMatchObject({ status: 200, fields: [] });
    call.stream.write(LARGE);
    call.stream.end();
    await call.over;
    expect(call.error).toBe(null);
    expect(call.body.equals(LARGE)).toBe(true);
  });

  it("goes on toward the upstream after the upstream has ended its direction", async () => {
    const received: Buffer[] = [];
    let isOver = false;
    const port = await listen((socket) => {
      socket.end("first and last");
      socket.on("data", (bytes: Buffer) => received.push(bytes));
      socket.on("end", () => (isOver = true));
    });
    const call = await stood(open(`tcp://127.0.0.1:${port}`));
    await until(() => call.stream.remoteEnded);
    expect([call.text, call.closed]).toEqual(["first and last", false]);
    call.stream.write(LARGE);
    call.stream.end();
    await until(() => isOver);
    expect(Buffer.concat(received).equals(LARGE)).toBe(true);
    await call.over;
    expect(call.error).toBe(null);
  });

  it("is cut, never ended, if the upstream resets", async () => {
    const port = await listen((socket) => {
      socket.write("half of");
      socket.once("data", () => socket.resetAndDestroy());
    });
    const call = await stood(open(`tcp://127.0.0.1:${port}`));
    await until(() => call.text === "half of");
    call.stream.write(Buffer.from("x"));
    await call.over;
    expect(call.error?.code).toBe("BODY_ABORTED");
  });

  it.each(["plain", "TLS"])("resets a %s upstream if the gateway aborts", async (kind) => {
    let outcome = "";
    const port = await listen((raw) => {
      const socket = kind === "TLS" ? secured(raw) : raw;
      for (const each of [raw, socket])
        each.on("error", (error: NodeJS.ErrnoException) => (outcome ||= error.code ?? "error"));
      socket.on("end", () => (outcome ||= "end"));
      socket.resume();
    });
    if (kind === "TLS") attached = await trusting(port);
    const call = await stood(open(kind === "TLS" ? `tls://localhost:${port}` : `tcp://127.0.0.1:${port}`));
    call.stream.write(LARGE);
    call.stream.reset("CANCEL");
    await until(() => outcome !== "");
    expect(outcome).toBe("ECONNRESET");
  });

  it("delivers everything that was sent before the gateway stopped reading", async () => {
    const received: Buffer[] = [];
    let isClosed = false;
    const port = await listen((socket) => {
      const timer = setInterval(() => socket.write("on and on "), 5);
      socket.on("data", (bytes: Buffer) => received.push(bytes));
      socket.on("close", () => {
        clearInterval(timer);
        isClosed = true;
      });
    });
    const call = await stood(open(`tcp://127.0.0.1:${port}`));
    call.stream.write(LARGE);
    call.stream.stopSending();
    call.stream.end();
    await until(() => isClosed);
    expect(Buffer.concat(received).equals(LARGE)).toBe(true);
    await call.over;
    expect(call.error).toBe(null);
  });

  it("carries what an upstream sends first", async () => {
    const port = await listen((socket) => socket.write("220 ready\r\n"));
    const call = await stood(open(`tcp://127.0.0.1:${port}`));
    await until(() => call.receivedBytes > 0);
    expect(call.text).toBe("220 ready\r\n");
  });

  it("ends after the idle timeout, and not while data moves", async () => {
    const port = await listen((socket) => socket.on("data", (bytes: Buffer) => socket.write(bytes)));
    const call = await stood(open(`tcp://127.0.0.1:${port}`, { idleTimeoutMs: 400 }));
    let [longestMs, beforeMs] = [0, performance.now()];
    for (let beats = 0; beats < 8; beats++) {
      call.stream.write(Buffer.from("x"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      longestMs = Math.max(longestMs, performance.now() - beforeMs);
      beforeMs = performance.now();
    }
    // A machine that stood still for a while was silent too.
    if (longestMs < 300) expect([call.text, call.closed]).toEqual(["x".repeat(8), false]);
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", message: /for 400 ms/ });
  });

  it("is limited to as many at a time as its service allows", async () => {
    const port = await listen((socket) => void socket.resume());
    const wanted = { maxConnections: 2 };
    const [first] = await Promise.all([0, 1].map(async () => stood(open(`tcp://127.0.0.1:${port}`, wanted))));
    const third = open(`tcp://127.0.0.1:${port}`, wanted);
    await third.over;
    expect(third.error).toMatchObject({ code: "OVERLOADED", notProcessed: true });
    first?.stream.reset("CANCEL");
    await vi.waitFor(
      async () => {
        const again = open(`tcp://127.0.0.1:${port}`, wanted);
        await until(() => again.head !== null || again.closed);
        expect(again.error).toBe(null);
      },
      { timeout: 15_000, interval: 20 },
    );
  });

  it("ends with a code when the grace period is over", async () => {
    const port = await listen((socket) => void socket.resume());
    const call = await stood(open(`tcp://127.0.0.1:${port}`));
    await attached.connector.drain(50);
    await call.over;
    expect(call.error?.code).toBe("DRAINING");
  });

  it.each([
    ["a closed port", "tcp://127.0.0.1:9", {}, "UPSTREAM_REFUSED"],
    ["an upstream that nobody allowed", "tcp://127.0.0.2:9", {}, "UPSTREAM_NOT_ALLOWED"],
    ["an address that is always blocked", "tcp://169.254.169.254:80", {}, "UPSTREAM_NOT_ALLOWED"],
    ["the same in another spelling", "tcp://2852039166:80", {}, "BAD_REQUEST"],
    ["an HTTP target", "http://127.0.0.1:9", {}, "BAD_REQUEST"],
    ["no port", "tcp://127.0.0.1", {}, "BAD_REQUEST"],
    ["a path", "tcp://127.0.0.1:9/x", {}, "BAD_REQUEST"],
  ])("refuses %s, as not processed", async (_what, target, facts, code) => {
    const call = open(target, facts);
    await call.over;
    expect(call.error).toMatchObject({ code, notProcessed: true });
  });

  it("cannot reach an HTTP upstream, and HTTP cannot reach a TCP upstream", async () => {
    const call = new Call(attached.relay.current.mux, "tcp://127.0.0.1:9");
    await call.over;
    expect(call.error).toMatchObject({ code: "BAD_REQUEST", notProcessed: true });
  });

  it("is refused if the operator has limited methods or paths, because it would bypass them", async () => {
    const file = join(directory, "limits.yaml");
    writeFileSync(file, 'services: { "*": { methods: [GET] } }\n');
    attached = await connectorWith({ TUNNEL_CONFIG: file });
    const call = open(`tcp://127.0.0.1:${await listen(mirror)}`);
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_NOT_ALLOWED", notProcessed: true });
  });
});

async function trusting(port: number, more = ""): Promise<AttachedConnector> {
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, authority.cert);
  const file = join(directory, "culvert.yaml");
  writeFileSync(file, `upstreams: { "localhost:${port}": { caFile: ${caFile}${more} } }\n`);
  return connectorWith({ TUNNEL_CONFIG: file });
}

describe("TLS by the connector", () => {
  /** The TLS part of a PostgreSQL server. */
  const postgres =
    (answer: string, then: (raw: Socket) => void = () => {}) =>
    (raw: Socket): void => {
      raw.once("data", (asked: Buffer) => {
        expect(asked.toString("hex")).toBe("0000000804d2162f");
        raw.write(answer);
        then(raw);
      });
    };

  it("begins at once for tls://, by the upstream's own settings", async () => {
    const port = await listen((raw) => mirror(secured(raw)));
    attached = await trusting(port);
    const call = await stood(open(`tls://localhost:${port}`));
    call.stream.write(LARGE);
    call.stream.end();
    await call.over;
    expect(call.error).toBe(null);
    expect(call.body.equals(LARGE)).toBe(true);
  });

  it.each(["tls", "tcp"])(
    "shows its certificate and asks for the name that the settings say: %s://",
    async (scheme) => {
      const server = authority.issue("db.internal");
      const seen: unknown[] = [];
      const mutual = (raw: Socket): void => {
        const secureContext = createSecureContext({ ...server, ca: authority.cert });
        const socket = new TLSSocket(raw, {
          ...{ isServer: true, secureContext, requestCert: true, rejectUnauthorized: true },
        });
        socket.on("error", () => {});
        socket.once("secure", () => {
          seen.push((socket as { servername?: string }).servername, socket.getPeerCertificate().subject.CN);
          mirror(socket);
        });
      };
      const port = await listen(scheme === "tls" ? mutual : postgres("S", mutual));
      const client = authority.issue("connector");
      for (const part of ["cert", "key"] as const)
        writeFileSync(join(directory, `${part}.pem`), client[part]);
      const [certFile, keyFile] = ["cert", "key"].map((part) => join(directory, `${part}.pem`));
      attached = await trusting(
        port,
        `, certFile: ${certFile}, keyFile: ${keyFile}, serverName: db.internal`,
      );
      const facts = scheme === "tls" ? {} : { startTls: "postgres" as const };
      const call = await stood(open(`${scheme}://localhost:${port}`, facts));
      call.stream.write(LARGE);
      call.stream.end();
      await call.over;
      expect(call.error).toBe(null);
      expect(call.body.equals(LARGE)).toBe(true);
      expect(seen).toEqual(["db.internal", "connector"]);
    },
  );

  it("is UPSTREAM_TLS if the certificate's issuer is not trusted", async () => {
    const call = open(`tls://localhost:${await listen((raw) => mirror(secured(raw)))}`);
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_TLS", notProcessed: true });
  });

  it("is cut, never ended, if the upstream ends without close_notify", async () => {
    const port = await listen((raw) => {
      const socket = secured(raw);
      socket.on("error", () => {});
      socket.write("half of", () => socket.once("data", () => raw.end()));
    });
    attached = await trusting(port);
    const call = await stood(open(`tls://localhost:${port}`));
    await until(() => call.text === "half of");
    call.stream.write(Buffer.from("x"));
    await call.over;
    expect(call.error).toMatchObject({ code: "BODY_ABORTED" });
  });

  it("is asked for by PostgreSQL's SSLRequest", async () => {
    const port = await listen(postgres("S", (raw) => mirror(secured(raw))));
    attached = await trusting(port);
    const call = await stood(open(`tcp://localhost:${port}`, { startTls: "postgres" }));
    call.stream.write(LARGE);
    call.stream.end();
    await call.over;
    expect(call.error).toBe(null);
    expect(call.body.equals(LARGE)).toBe(true);
  });

  it.each([
    ["offers none", "N", "offers no TLS"],
    ["answers with an error", "E", "is not valid"],
    ["sends clear text behind its yes", "SE", "data before TLS"],
  ])("is UPSTREAM_TLS if the upstream %s", async (_what, answer, reason) => {
    const port = await listen(postgres(answer));
    attached = await trusting(port);
    const call = open(`tcp://localhost:${port}`, { startTls: "postgres" });
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_TLS", notProcessed: true });
    expect(call.error?.message).toContain(reason);
  });

  it.each(["end", "destroy"] as const)("is UPSTREAM_TLS if the upstream closes by %s", async (leave) => {
    const port = await listen((raw) => raw.once("data", () => raw[leave]()));
    attached = await trusting(port);
    const call = open(`tcp://localhost:${port}`, { startTls: "postgres" });
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_TLS", notProcessed: true });
  });
});
