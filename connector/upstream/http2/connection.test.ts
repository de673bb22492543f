import { Readable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../../shared/time/clock.ts";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { CertificateAuthority } from "../../../test/support/certificates.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import {
  ACK,
  data,
  END_HEADERS,
  END_STREAM,
  type FrameClient,
  frame,
  FrameServer,
  goaway,
  headers,
  type ReceivedFrame,
  reset,
  settings,
  TYPE,
  uint32,
} from "../../../test/support/servers/frame-server.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { Names } from "../../names/names.ts";
import { nodeClock } from "../../platform/node-clock.ts";
import { parseAllowlist, UpstreamPolicy } from "../policy.ts";
import { DEFAULT_UPSTREAM, type UpstreamSettings } from "../upstream-rules.ts";
import { Upstream, type UpstreamExchange, type UpstreamRequest } from "../upstream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

function rulesOf(text: string) {
  const list = parseAllowlist(text);
  if (!list.ok) throw new Error(list.problems.join("; "));
  return list.rules;
}

const insecure = { ...DEFAULT_UPSTREAM.tls, insecure: true };

function upstreamWith(
  settings: Partial<UpstreamSettings> = {},
  clock: Clock = nodeClock,
  memory = memoryOf(),
): Upstream {
  const upstream = new Upstream({
    policy: new UpstreamPolicy(rulesOf("*")),
    limits: new Map(),
    rules: [
      {
        pattern: "*",
        host: { kind: "any" },
        settings: { ...DEFAULT_UPSTREAM, tls: insecure, protocol: "http2", ...settings },
      },
    ],
    clock,
    names: new Names({ clock: nodeClock }),
    reportFault: throwFault,
    memory,
  });
  closing.push(() => upstream.close());
  return upstream;
}

async function frameServer(
  ...[onFrame, options]: ConstructorParameters<typeof FrameServer>
): Promise<FrameServer> {
  const server = await new FrameServer(onFrame, options).start();
  closing.push(() => server.close());
  return server;
}

/** `answer` runs for each request. */
const onRequest =
  (answer: (client: FrameClient, id: number, frame: ReceivedFrame) => void) =>
  (client: FrameClient, received: ReceivedFrame): void => {
    if (received.type === TYPE.HEADERS) answer(client, received.streamId, received);
  };

const OK: [string, string][] = [[":status", "200"]];
const answerOk = (client: FrameClient, id: number, body = "ok"): void =>
  client.send(headers(id, OK), data(id, body, END_STREAM));

interface Outcome {
  exchange: UpstreamExchange | null;
  status: number | null;
  fields: string[];
  body: string;
  ended: boolean;
  error: TunnelError | null;
  errors: number;
  tornDown: boolean;
}

function send(
  upstream: Upstream,
  port: number,
  request: Partial<UpstreamRequest> & { scheme?: string; pausedAtHead?: boolean } = {},
): Outcome {
  const outcome: Outcome = {
    ...{ exchange: null, status: null, fields: [], body: "" },
    ...{ ended: false, error: null, errors: 0, tornDown: false },
  };
  const { scheme = "http", pausedAtHead = false, ...rest } = request;
  outcome.exchange = upstream.request(
    {
      ...{ caller: "a", service: "b", target: `${scheme}://127.0.0.1:${port}`, method: "POST" },
      ...{ path: "/", rawHeaders: [], body: null },
      ...rest,
    },
    {
      onResponse: (status, _reason, fields) => {
        outcome.status = status;
        outcome.fields = fields.flat();
        if (pausedAtHead) outcome.exchange?.pause();
      },
      onData: (bytes) => void (outcome.body += bytes.toString("latin1")),
      onEnd: () => void (outcome.ended = true),
      onError: (error) => {
        outcome.error = error;
        outcome.errors++;
      },
      onTornDown: () => void (outcome.tornDown = true),
    },
  );
  return outcome;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

async function sent(...args: Parameters<typeof send>): Promise<Outcome> {
  const outcome = send(...args);
  await until(() => outcome.tornDown);
  return outcome;
}

/** More than any window takes, and read as it is wanted. */
function endless(): Readable {
  return new Readable({
    read() {
      this.push(Buffer.alloc(16_384));
    },
  });
}

describe("an answer that is complete while the upload runs", () => {
  const large = "x".repeat(16_000);

  it.each([
    ["small", 1, []],
    ["small, of an upload with a length", 1, ["content-length", String(2 ** 30)]],
    ["as large as its window", 16, []],
    ["as large as its window, of an upload with a length", 16, ["content-length", String(2 ** 30)]],
  ])("is kept if a reset follows: %s", async (_what, pieces, rawHeaders) => {
    const server = await frameServer(
      onRequest((client, id) => {
        const parts = Array.from({ length: pieces }, () => data(id, large));
        client.send(headers(id, [[":status", "413"]]), ...parts, data(id, "", END_STREAM), reset(id, 0));
      }),
    );
    const upstream = upstreamWith();
    const quick = await sent(upstream, server.port, { body: endless(), rawHeaders });
    expect(quick).toMatchObject({ status: 413, ended: true, error: null });
    expect(quick.body.length).toBe(pieces * large.length);
    const slow = send(upstream, server.port, { body: endless(), rawHeaders, pausedAtHead: true });
    await until(() => slow.status === 413);
    // Everything is here, and its reset as well.
    await sent(upstream, server.port, { body: null });
    expect(slow).toMatchObject({ body: "", ended: false, error: null });
    slow.exchange?.resume();
    expect(slow).toMatchObject({ ended: true, error: null, tornDown: true });
    expect(slow.body.length).toBe(pieces * large.length);
    expect(server.clients.length).toBe(1);
  });

  it("survives the end of its connection while its reader pauses", async () => {
    const server = await frameServer(
      onRequest((client, id) => {
        client.send(headers(id, OK), data(id, large, END_STREAM), goaway(id, 0));
        client.socket.end();
      }),
    );
    const slow = send(upstreamWith(), server.port, { body: endless(), pausedAtHead: true });
    await until(() => slow.status === 200 && server.openCount === 0);
    slow.exchange?.resume();
    expect(slow).toMatchObject({ ended: true, error: null });
    expect(slow.body.length).toBe(large.length);
  });

  it("ends the upload, and tells its source", async () => {
    const server = await frameServer(onRequest((client, id) => answerOk(client, id)));
    const body = endless();
    expect(await sent(upstreamWith(), server.port, { body })).toMatchObject({ status: 200, ended: true });
    await until(() => server.clients[0]?.resetsOf(1).join() === "8" && body.destroyed);
  });
});

describe("first bytes over TLS", () => {
  it("come with their head, though both are in one segment and the protocol was found by ALPN", async () => {
    const identity = new CertificateAuthority("CA").issue("127.0.0.1");
    const server = await frameServer(
      onRequest((client, id) => answerOk(client, id, `body of ${id}`)),
      { tls: identity },
    );
    const upstream = upstreamWith({ protocol: "auto" });
    const outcomes = Array.from({ length: 200 }, () => send(upstream, server.port, { scheme: "https" }));
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    const bodies = outcomes.map(({ body, ended }) => ended && /^body of \d+$/.test(body));
    expect(bodies).toEqual(outcomes.map(() => true));
  });
});

describe("requests that are sent again", () => {
  it("are refused streams, and no answered ones: each POST runs once", async () => {
    let asked = 0;
    const executed = new Map<string, number>();
    const server = await frameServer(
      onRequest((client, id, { payload }) => {
        if (++asked % 5 === 0) return client.send(reset(id, 7));
        const name = /\/\d+/.exec(payload.toString("latin1"))?.[0] ?? "";
        executed.set(name, (executed.get(name) ?? 0) + 1);
        answerOk(client, id);
      }),
    );
    const upstream = upstreamWith();
    const outcomes: Outcome[] = [];
    for (let i = 0; i < 300; i++) {
      outcomes.push(send(upstream, server.port, { path: `/${i}`, body: Buffer.from("x") }));
      if (i % 8 === 7) await until(() => outcomes.every(({ tornDown }) => tornDown));
    }
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    expect([...executed.values()].filter((count) => count > 1)).toEqual([]);
    for (const [i, { errors, error, ended }] of outcomes.entries()) {
      expect(ended ? 0 : 1).toBe(errors);
      // Whoever hears "not processed" may believe it.
      if (error?.notProcessed === true) expect(executed.has(`/${i}`)).toBe(false);
      else expect(ended).toBe(true);
    }
  });

  it.each([
    ["small and at its end", 1, true],
    ["that goes on", 2, false],
    ["as large as a window", 12, true],
  ])("are streamed bodies with everything that had left already: %s", async (_what, chunks, ends) => {
    const bodies = new Map<number, string>();
    let refused = false;
    const server = await frameServer(
      (client, { type, flags, streamId, payload }) => {
        if (type !== TYPE.DATA) return;
        const body = (bodies.get(streamId) ?? "") + payload.toString("latin1");
        bodies.set(streamId, body);
        const last = (flags & END_STREAM) !== 0;
        const enough = ends ? last : body.length === chunks * 5_000;
        if (!refused && enough) {
          refused = true;
          client.send(reset(streamId, 7));
        } else if (last) {
          answerOk(client, streamId);
        }
      },
      { hello: Buffer.concat([settings(), frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(2 ** 20))]) },
    );
    const body = new Readable({ read() {} });
    const outcome = send(upstreamWith(), server.port, { body });
    const pieces = Array.from({ length: chunks }, (_, i) => String(i % 10).repeat(5_000));
    for (const piece of pieces) body.push(Buffer.from(piece));
    if (ends) body.push(null);
    await until(() => bodies.has(3));
    if (!ends) {
      for (const piece of ["more", null]) body.push(piece);
      pieces.push("more");
    }
    await until(() => outcome.tornDown);
    expect(outcome).toMatchObject({ status: 200, ended: true, error: null });
    expect(bodies.get(3)).toBe(pieces.join(""));
  });

  it("are no streamed bodies of which too much has left, even if they were not processed", async () => {
    let received = 0;
    const server = await frameServer(
      (client, { type, streamId, payload }) => {
        if (type !== TYPE.DATA || received > 200_000) return;
        received += payload.byteLength;
        if (received > 200_000) client.send(reset(streamId, 7));
      },
      { hello: Buffer.concat([settings([4, 2 ** 20]), frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(2 ** 20))]) },
    );
    const upstream = upstreamWith();
    const body = endless();
    const { error, errors } = await sent(upstream, server.port, { body });
    expect(error).toMatchObject({ code: "UPSTREAM_REFUSED", notProcessed: true });
    expect([errors, body.destroyed]).toEqual([1, true]);
  });

  it("are streams above a GOAWAY's last one; the others are answered on the old connection", async () => {
    const held: [FrameClient, number][] = [];
    const server = await frameServer(
      onRequest((client, id) => {
        if (client.number > 1) return answerOk(client, id, "second");
        held.push([client, id]);
        if (held.length === 4) client.send(goaway(2 ** 31 - 1, 0), goaway(held[1]?.[1] ?? 0, 0));
      }),
      { hello: settings([3, 100]) },
    );
    const upstream = upstreamWith();
    const outcomes = Array.from({ length: 4 }, () => send(upstream, server.port));
    await until(() => outcomes.filter(({ ended }) => ended).length === 2);
    for (const [client, id] of held.slice(0, 2)) answerOk(client, id, "first");
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    expect(outcomes.map(({ body }) => body).sort()).toEqual(["first", "first", "second", "second"]);
    await until(() => server.clients[0]?.socket.destroyed === true);
  });

  it("are no streams of a connection that simply ended", async () => {
    let asked = 0;
    const server = await frameServer(
      onRequest((client, id) => {
        if (++asked === 1) answerOk(client, id);
        else client.socket.destroy();
      }),
    );
    const upstream = upstreamWith();
    await sent(upstream, server.port);
    const { error, errors } = await sent(upstream, server.port);
    expect(error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    expect([asked, errors]).toEqual([2, 1]);
    // A GET may be.
    await sent(upstream, server.port, { method: "GET" });
    expect(asked).toBe(3);
  });

  it("goes over HTTP/1.1 if the upstream requires it", async () => {
    const identity = new CertificateAuthority("CA").issue("127.0.0.1");
    const agreed: unknown[] = [];
    const server = await frameServer(
      onRequest((client, id) => client.send(reset(id, 13))),
      { tls: { ...identity, ALPNProtocols: ["h2", "http/1.1"] }, hello: Buffer.alloc(0) },
    );
    server.onClient = (client) => {
      const protocol = "alpnProtocol" in client.socket ? client.socket.alpnProtocol : null;
      agreed.push(protocol);
      if (protocol === "h2") return client.send(settings());
      client.socket.on("data", () =>
        client.send(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")),
      );
    };
    const upstream = upstreamWith({ protocol: "auto" });
    const ask = () => sent(upstream, server.port, { scheme: "https", body: Buffer.from("x") });
    expect(await ask()).toMatchObject({ status: 200, body: "ok", ended: true });
    expect(await ask()).toMatchObject({ status: 200, body: "ok", ended: true });
    expect(agreed).toEqual(["h2", "http/1.1"]);
  });
});

describe("streams at a time", () => {
  it("are as many as the upstream allows, over more connections when they are used up", async () => {
    const held: (() => void)[] = [];
    const open = new Map<number, number>();
    const server = await frameServer(
      onRequest((client, id) => {
        open.set(client.number, (open.get(client.number) ?? 0) + 1);
        held.push(() => answerOk(client, id));
      }),
      { hello: settings([3, 3]) },
    );
    const upstream = upstreamWith();
    const outcomes = Array.from({ length: 10 }, () => send(upstream, server.port));
    await until(() => held.length === 10);
    expect([...open.values()]).toEqual([3, 3, 3, 1]);
    for (const answer of held) answer();
    await until(() => outcomes.every(({ ended }) => ended));
  });

  it("follow the upstream's limit, down to none and up again", async () => {
    const held: (() => void)[] = [];
    const server = await frameServer(
      onRequest((client, id) => held.push(() => answerOk(client, id))),
      { hello: settings([3, 5]) },
    );
    const upstream = upstreamWith({ maxConnections: 1 });
    const first = [send(upstream, server.port), send(upstream, server.port)];
    await until(() => held.length === 2);
    const [client] = server.clients;
    client?.send(settings([3, 0]));
    await until(() => client?.frames.filter(({ type, flags }) => type === 4 && flags === ACK).length === 2);
    for (const answer of held.splice(0)) answer();
    await until(() => first.every(({ ended }) => ended));
    const waiting = [send(upstream, server.port), send(upstream, server.port)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(held.length).toBe(0);
    client?.send(settings([3, 1]));
    await until(() => held.length === 1);
    held.shift()?.();
    await until(() => held.length === 1);
    held.shift()?.();
    await until(() => waiting.every(({ ended }) => ended));
    expect(server.clients.length).toBe(1);
  });

  it("may be none: the request waits as for a connection, and few connections are opened", async () => {
    const server = await frameServer(() => {}, { hello: settings([3, 0]) });
    const upstream = upstreamWith({ connectTimeoutMs: 300 });
    // One is asked before the upstream has said so.
    const outcomes = Array.from({ length: 5 }, () =>
      send(upstream, server.port, { responseTimeoutMs: 500, connectTimeoutMs: 300 }),
    );
    await until(() => outcomes.every(({ tornDown }) => tornDown));
    const codes = outcomes.map(({ error }) => error?.code ?? "").sort((a, b) => a.localeCompare(b));
    expect(codes).toEqual([
      ...Array.from({ length: 4 }, () => "UPSTREAM_CONNECT_TIMEOUT"),
      "UPSTREAM_RESPONSE_TIMEOUT",
    ]);
    expect(server.clients.length).toBeLessThanOrEqual(2);
  });
});

describe("a connection that went silent", () => {
  it("gets a PING, is doubted and is given up; new requests use other connections meanwhile", async () => {
    const clock = new SteppedClock();
    const silent: number[] = [];
    const server = await frameServer((client, { type, streamId }) => {
      if (client.number === 1 && streamId > 1) return void silent.push(streamId);
      if (type === TYPE.HEADERS) answerOk(client, streamId, `from ${client.number}`);
    });
    const upstream = upstreamWith({ responseTimeoutMs: 600_000 }, clock);
    expect((await sent(upstream, server.port)).body).toBe("from 1");
    const lost = send(upstream, server.port);
    const repeated = send(upstream, server.port, { method: "GET" });
    await until(() => silent.length === 2);
    const pings = () => server.clients[0]?.frames.filter(({ type }) => type === TYPE.PING).length;
    clock.advance(5_000);
    await until(() => pings() === 1);
    clock.advance(5_000);
    expect((await sent(upstream, server.port)).body).toBe("from 2");
    clock.advance(25_000);
    await until(() => lost.tornDown && repeated.tornDown);
    expect(lost.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", notProcessed: false });
    expect(repeated.body).toBe("from 2");
    await until(() => server.clients[0]?.socket.destroyed === true);
  });

  it("is not used again after one request has run out of time on it", async () => {
    const clock = new SteppedClock();
    const unanswered: number[] = [];
    const server = await frameServer(
      onRequest((client, id) => {
        if (client.number > 1 || id === 1) answerOk(client, id);
        else unanswered.push(id);
      }),
    );
    const upstream = upstreamWith({ responseTimeoutMs: 50 }, clock);
    await sent(upstream, server.port);
    const lost = send(upstream, server.port);
    await until(() => unanswered.length === 1);
    clock.advance(50);
    await until(() => lost.tornDown);
    expect(lost.error?.code).toBe("UPSTREAM_RESPONSE_TIMEOUT");
    for (let i = 0; i < 4; i++) expect((await sent(upstream, server.port)).error).toBeNull();
    expect(unanswered.length).toBe(1);
  });

  it("is trusted again when it answers: only one request was slow", async () => {
    const clock = new SteppedClock();
    const server = await frameServer((client, { type, flags, streamId, payload }) => {
      if (type === TYPE.PING && flags === 0) client.send(frame(TYPE.PING, ACK, 0, payload));
      if (type === TYPE.HEADERS && streamId !== 3) answerOk(client, streamId);
    });
    const upstream = upstreamWith({ responseTimeoutMs: 50 }, clock);
    await sent(upstream, server.port);
    const slow = send(upstream, server.port);
    const frames = () => server.clients[0]?.frames ?? [];
    await until(() => frames().some(({ streamId }) => streamId === 3));
    clock.advance(50);
    await until(() => slow.tornDown);
    expect(slow.error?.code).toBe("UPSTREAM_RESPONSE_TIMEOUT");
    await until(() => frames().some(({ type }) => type === TYPE.PING));
    await until(() => server.clients[0]?.resetsOf(3).join() === "8");
    // Until the PING's answer has come, requests go elsewhere.
    await vi.waitFor(
      async () => {
        const before = frames().length;
        expect((await sent(upstream, server.port)).error).toBeNull();
        expect(frames().length).toBeGreaterThan(before);
      },
      { timeout: 15_000, interval: 5 },
    );
  });
});

describe("a flood of frames that change nothing", () => {
  const many = Array.from({ length: 1_000 }, (_, at): [string, string] => [`x-${at}`, ""]);

  it.each<[string, (id: number) => Buffer, number?]>([
    ["PING answers", () => frame(TYPE.PING, ACK, 0, "12345678")],
    ["PINGs", () => frame(TYPE.PING, 0, 0, "12345678")],
    ["SETTINGS answers", () => frame(TYPE.SETTINGS, ACK, 0)],
    ["WINDOW_UPDATEs of the connection", () => frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(1))],
    ["WINDOW_UPDATEs of a stream that is over", (id) => frame(TYPE.WINDOW_UPDATE, 0, id, uint32(1))],
    ["frames of an unknown type", () => frame(0x55, 0, 0)],
    ["priorities", (id) => frame(TYPE.PRIORITY, 0, id, Buffer.alloc(5))],
    ["resets of a stream that is over", (id) => reset(id, 8)],
    ["heads of a stream that is over", (id) => headers(id, OK)],
    [
      "large heads of a stream that is over",
      (id) => Buffer.concat([headers(id, many), headers(id, many)]),
      100,
    ],
  ])("ends the connection: %s", async (_what, useless, count = 9_000) => {
    const server = await frameServer(
      onRequest((client, id) => {
        answerOk(client, id);
        client.send(...Array.from({ length: count }, () => useless(id)));
      }),
    );
    const outcome = await sent(upstreamWith(), server.port);
    expect([outcome.status, outcome.body, outcome.ended]).toEqual([200, "ok", true]);
    await until(() => server.openCount === 0);
  });

  it("is not the same as many small WINDOW_UPDATEs", async () => {
    const server = await frameServer((client, { type, streamId, payload, flags }) => {
      if (type !== TYPE.DATA) return;
      for (let at = 0; at < payload.byteLength; at += 512)
        client.send(...[0, streamId].map((id) => frame(TYPE.WINDOW_UPDATE, 0, id, uint32(512))));
      if ((flags & END_STREAM) !== 0) answerOk(client, streamId);
    });
    const upstream = upstreamWith();
    for (let round = 0; round < 3; round++) {
      const outcome = await sent(upstream, server.port, { body: Buffer.alloc(2 ** 20) });
      expect([outcome.status, outcome.error]).toEqual([200, null]);
    }
    expect(server.clients).toHaveLength(1);
  });
});

describe("windows", () => {
  it("hold back an upload that its upstream does not read, until the stall limit", async () => {
    const server = await frameServer(
      onRequest(() => {}),
      { hello: settings([4, 1_000]) },
    );
    const upstream = upstreamWith();
    const body = Buffer.alloc(100_000);
    const { error } = await sent(upstream, server.port, { body, stallTimeoutMs: 50 });
    expect(error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", notProcessed: false });
    expect(error?.message).toContain("read nothing of the request within 50 ms");
  });

  it("that shrink below zero stop data, but not an end", async () => {
    let received = 0;
    let ended = false;
    const server = await frameServer(
      (client, { type, flags, streamId, payload }) => {
        if (type !== TYPE.DATA) return;
        received += payload.byteLength;
        if ((flags & END_STREAM) !== 0) {
          ended = true;
          answerOk(client, streamId);
        } else if (received === 1_000) {
          // 900 below nothing; then 100 of which 1,000 more are given.
          client.send(settings([4, 100]), frame(TYPE.WINDOW_UPDATE, 0, streamId, uint32(1_000)));
        }
      },
      { hello: settings([4, 1_000]) },
    );
    const upstream = upstreamWith();
    // The first request of a connection leaves before its settings are known.
    const warm = send(upstream, server.port);
    await until(
      () => server.clients[0]?.frames.some(({ type, flags }) => type === 4 && flags === ACK) === true,
    );
    const chunks = [Buffer.alloc(1_000), Buffer.alloc(100)];
    const outcome = await sent(upstream, server.port, { body: Readable.from(chunks) });
    expect(outcome).toMatchObject({ status: 200, ended: true });
    expect([received, ended]).toEqual([1_100, true]);
    warm.exchange?.abort();
  });

  const READERS = 10;
  const WAITING_BYTES = 200_000;

  /** Answers whose readers stop at the head; `hold` says that all has come that may. */
  async function waiting(totalBytes: number) {
    const memory = memoryOf(totalBytes);
    const upstream = upstreamWith({}, nodeClock, memory);
    const { port } = await frameServer(
      onRequest((client, id) => {
        client.send(headers(id, OK));
        for (let sent = 0; sent < WAITING_BYTES; sent += 10_000) client.send(data(id, "x".repeat(10_000)));
        client.send(data(id, "", END_STREAM));
      }),
      { hello: settings([3, 100]) },
    );
    const readers = Array.from({ length: READERS }, () => send(upstream, port, { pausedAtHead: true }));
    await until(() => readers.every(({ status }) => status === 200));
    // Behind all of it: what the connection brought before has been read.
    await sent(upstream, port, { method: "GET" });
    return { memory, readers };
  }

  it("of slow readers are held in the process's budget, which gives them back as they are read", async () => {
    const { memory, readers } = await waiting(64 * 1024 * 1024);
    await until(() => memory.heldBytes > READERS * WAITING_BYTES);
    const [cancelled, ...others] = readers;
    cancelled?.exchange?.abort();
    for (const { exchange } of others) exchange?.resume();
    await until(() => others.every(({ ended }) => ended));
    expect(others.every(({ body }) => body.length === WAITING_BYTES)).toBe(true);
    expect(memory.heldBytes).toBe(0);
  });

  it("of slow readers take no more than the budget: some are ended, the others get everything", async () => {
    const { memory, readers } = await waiting(1024 * 1024);
    expect(memory.heldBytes).toBeLessThanOrEqual(1024 * 1024);
    await until(() => readers.some(({ error }) => error !== null));
    for (const { exchange } of readers) exchange?.resume();
    await until(() => readers.every(({ ended, error }) => ended || error !== null));
    const failed = readers.filter(({ error }) => error !== null);
    expect(failed.map(({ error }) => error?.code)).toEqual(failed.map(() => "OVERLOADED"));
    const served = readers.filter(({ ended }) => ended);
    expect(served.length).toBeGreaterThanOrEqual(4);
    expect(served.every(({ body }) => body.length === WAITING_BYTES)).toBe(true);
    expect(memory.heldBytes).toBe(0);
  });

  it("end an upstream's stream that sends more than its own", async () => {
    const server = await frameServer(
      onRequest((client, id) => {
        client.send(headers(id, OK));
        for (let i = 0; i < 20; i++) client.send(data(id, Buffer.alloc(16_384)));
      }),
    );
    const outcome = send(upstreamWith(), server.port, { pausedAtHead: true });
    await until(() => outcome.tornDown);
    expect(outcome).toMatchObject({ status: 200, ended: false });
    await until(() => server.clients[0]?.resetsOf(1).join() === "3");
  });
});

it("fields keep their bytes, and are read by the same rule as for HTTP/1.1", async () => {
  const server = await frameServer(
    onRequest((client, id) =>
      client.send(
        headers(
          id,
          [...OK, ["x-utf8", "\u00c3\u00a9"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
          END_HEADERS | END_STREAM,
        ),
      ),
    ),
  );
  const { fields } = await sent(upstreamWith(), server.port);
  expect(fields).toEqual(["x-utf8", "\u00e9", "set-cookie", "a=1", "set-cookie", "b=2"]);
});

it("a request leaves with its length, in lower case, and with nothing of HTTP/1.1", async () => {
  const server = await frameServer(onRequest((client, id) => answerOk(client, id)));
  const upstream = upstreamWith();
  const { error } = await sent(upstream, server.port, { rawHeaders: ["connection", "close"] });
  expect(error).toMatchObject({ code: "BAD_REQUEST", notProcessed: true });
  await sent(upstream, server.port, { rawHeaders: ["X-A", "1"], body: Buffer.from("hello") });
  const text = server.clients[0]?.frames
    .find(({ type }) => type === TYPE.HEADERS)
    ?.payload.toString("latin1");
  expect(text).toContain("x-a");
  expect(text).toContain("5");
});

/** Real time for the network, and leaps on demand. */
class SteppedClock extends FakeClock {
  override soon(run: () => void): void {
    setImmediate(run);
  }
}
