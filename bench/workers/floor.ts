/**
 * The cost of the platform itself: an entrypoint like the relay's, an object behind it, a constant answer. `/bytes/N`
 * returns N bytes.
 *
 * `/rich/bytes/N` is the least that any relay for an API costs: the caller's identity goes along, the request's header
 * fields are read, and the response has header fields and a body of bytes.
 *
 * `/relay/bytes/N` is the least that a relay costs that asks somebody behind a WebSocket: a message out for each request,
 * and answers in messages of one or more, each `id:u32 length:u32` and bytes; no protocol, no rules, no log.
 * `/asking/bytes/N` is the same, and whoever is behind the WebSocket asks an upstream.
 *
 * `/relays/bytes/N` is `/relay/` over eight objects, each with a WebSocket of its own. `/entry/bytes/N` is answered by the
 * entrypoint and reaches no object. `/limit/down/N` and `/limit/up` stream between the caller and a feeder's WebSocket,
 * without any protocol.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  TUNNEL: DurableObjectNamespace<Tunnel>;
}

const READ_BYTES = 64 * 1024;
const RELAYS = 8;
const ANSWER = "x".repeat(64 * 1024);
const ANSWER_BYTES = new Uint8Array(64 * 1024).fill(0x78);
const ANSWER_FIELDS: [string, string][] = [
  ["content-type", "application/octet-stream"],
  ["cache-control", "no-store"],
  ["etag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
  ["vary", "accept-encoding"],
  ["x-request-id", "0b6f3f44-4f0d-4f0e-9f5e-0d6a4d6c3a11"],
];

function stub(env: Env, name = "floor"): DurableObjectStub<Tunnel> {
  return env.TUNNEL.get(env.TUNNEL.idFromName(name));
}

/** Where the feeder attaches: `/NAME` leads to the object with this name. */
export default {
  fetch: (request: Request, env: Env): Promise<Response> =>
    stub(env, new URL(request.url).pathname.slice(1) || "floor").fetch(request),
} satisfies ExportedHandler<Env>;

export class TunnelBinding extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Promise<Response> {
    const route = /\/(rich|relays?|asking|entry)\//.exec(request.url)?.[1];
    if (route === undefined) return stub(this.env).fetch(request);
    if (route === "entry")
      return Promise.resolve(new Response(ANSWER.slice(0, Number(request.url.split("/").at(-1)))));
    const claim = { kind: "request", project: "bench", environment: "production" };
    const name = route === "relays" ? `floor-${Math.floor(Math.random() * RELAYS)}` : "floor";
    return stub(this.env, name).fetch(request, { cf: { floor: claim } });
  }
}

/** The benchmarks' runner expects a relay's classes. */
export class Registry extends DurableObject<Env> {}

export class Tunnel extends DurableObject<Env> {
  #download: { controller: ReadableStreamDefaultController<Uint8Array>; leftBytes: number } | null = null;
  #uploaded: (() => void) | null = null;
  readonly #asked = new Map<number, (answer: Uint8Array) => void>();
  #lastId = 0;

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, route = "", ...rest] = pathname.split("/");
    if (request.headers.get("upgrade") === "websocket") return this.#attach();
    if (route === "rich") return rich(request, Number(rest.at(-1)));
    if (route === "relay" || route === "relays") return this.#ask("ask", request, Number(rest.at(-1)));
    if (route === "asking") return this.#ask("fetch", request, Number(rest.at(-1)));
    if (route !== "limit") return new Response(ANSWER.slice(0, Number(rest[0] ?? 0)));
    return rest[0] === "down" ? this.#down(Number(rest[1])) : this.#up(request);
  }

  override webSocketMessage(_socket: WebSocket, message: ArrayBuffer | string): void {
    if (typeof message === "string") {
      this.#uploaded?.();
      return;
    }
    const download = this.#download;
    if (download === null) return this.#answered(message);
    download.controller.enqueue(new Uint8Array(message));
    download.leftBytes -= message.byteLength;
    if (download.leftBytes > 0) return;
    this.#download = null;
    download.controller.close();
  }

  /** Survives the loss of the object's memory. */
  get #feeder(): WebSocket {
    const socket = this.ctx.getWebSockets().find(({ readyState }) => readyState === WebSocket.OPEN);
    if (socket === undefined) throw new Error("no feeder is attached");
    return socket;
  }

  #attach(): Response {
    const { 0: feederEnd, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    return new Response(null, { status: 101, webSocket: feederEnd });
  }

  async #ask(verb: "ask" | "fetch", request: Request, bytes: number): Promise<Response> {
    const id = ++this.#lastId;
    const answer = new Promise<Uint8Array>((done) => this.#asked.set(id, done));
    const fields = [...request.headers].map(([name, value]) => `${name}: ${value}`);
    this.#feeder.send(`${verb} ${bytes} ${id} ${fields.join("\n")}`);
    return new Response(await answer, { headers: new Headers(ANSWER_FIELDS) });
  }

  #answered(message: ArrayBuffer): void {
    const view = new DataView(message);
    for (let at = 0; at < message.byteLength;) {
      const id = view.getUint32(at);
      const length = view.getUint32(at + 4);
      this.#asked.get(id)?.(new Uint8Array(message.slice(at + 8, at + 8 + length)));
      this.#asked.delete(id);
      at += 8 + length;
    }
  }

  #down(bytes: number): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#download = { controller, leftBytes: bytes };
        this.#feeder.send(`send ${bytes}`);
      },
    });
    return new Response(body);
  }

  async #up(request: Request): Promise<Response> {
    const feeder = this.#feeder;
    const reader = request.body?.getReader({ mode: "byob" });
    let sentBytes = 0;
    for (;;) {
      const chunk = await reader?.read(new Uint8Array(READ_BYTES));
      if (chunk?.value === undefined || chunk.done) break;
      feeder.send(chunk.value);
      sentBytes += chunk.value.byteLength;
    }
    await new Promise<void>((done) => {
      this.#uploaded = done;
      feeder.send(`received ${sentBytes}?`);
    });
    return new Response(`${sentBytes}`.padStart(16));
  }
}

function rich(request: Request, bytes: number): Response {
  const headers = new Headers(ANSWER_FIELDS);
  if ([...request.headers].length === 0) headers.set("x-empty", "yes");
  return new Response(ANSWER_BYTES.slice(0, bytes), { headers });
}
