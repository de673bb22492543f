import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { isTcpEndpoint } from "../../../shared/services/index.ts";
import type { ServiceHandler, TwinService } from "../types.ts";

export interface RunningService {
  /** The service's URL, for the connector. */
  origin: string;
  close(): Promise<void>;
}

/** Called with each piece of a request's body that a handler received. */
export type OnBody = (traceparent: string, bytes: Uint8Array) => void;

/** True for scheme, host and port without a path. */
export function isServiceOrigin(text: string): boolean {
  return (/^https?:\/\/[^/?#@]+\/?$/.test(text) && URL.canParse(text)) || isTcpEndpoint(text);
}

export async function startService(
  name: string,
  service: TwinService,
  onBody: OnBody,
): Promise<RunningService> {
  if (typeof service === "string") {
    if (!isServiceOrigin(service)) {
      const message = 'must be an origin such as "http://127.0.0.1:8080", or "tcp://127.0.0.1:5432"';
      throw new Error(`services["${name}"]: ${message}`);
    }
    return { origin: service.replace(/\/$/, ""), close: async () => {} };
  }
  const isOurs = typeof service === "function";
  const server = isOurs ? handlerServer(name, service, onBody) : service;
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  return { origin: `http://127.0.0.1:${port}`, close: isOurs ? close : async () => {} };
}

function handlerServer(name: string, handler: ServiceHandler, onBody: OnBody): Server {
  return createServer((incoming, outgoing) => {
    answer(name, handler, incoming, outgoing, onBody).catch(() => outgoing.destroy());
  });
}

async function answer(
  name: string,
  handler: ServiceHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  onBody: OnBody,
): Promise<void> {
  const traceparent = incoming.headers["traceparent"];
  incoming
    .on("data", (bytes: Buffer) => onBody(typeof traceparent === "string" ? traceparent : "", bytes))
    .pause();
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  let response: Response;
  try {
    response = answered(await handler(requestOf(incoming, gone.signal)));
  } catch (thrown) {
    response = failure(name, thrown);
  }
  await send(response, outgoing, incoming.method === "HEAD");
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://${incoming.headers.host ?? "service"}${incoming.url ?? "/"}`, {
    ...{ method, headers, signal },
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" } : {}),
  });
}

/** Accepts a `Response` of any realm: a test may use a class of its own. */
function answered(given: Response | undefined): Response {
  if (typeof given?.status === "number" && typeof given.headers === "object") return given;
  throw new TypeError("it returned no Response");
}

/** A 500 as a failing server would send it, with the reason, since this server belongs to a test. */
function failure(name: string, thrown: unknown): Response {
  const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new Response(`the handler of ${name} failed: ${reason}`, { status: 500 });
}

async function send(response: Response, outgoing: ServerResponse, isHead: boolean): Promise<void> {
  const fields = [...response.headers].filter(([field]) => field !== "set-cookie");
  const cookies = response.headers.getSetCookie().map((cookie) => ["set-cookie", cookie]);
  outgoing.writeHead(response.status, response.statusText, [...fields, ...cookies].flat());
  outgoing.flushHeaders();
  if (response.body === null || isHead) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body), outgoing);
}
