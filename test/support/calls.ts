import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { WebSocket } from "ws";
import type { Observation, ProbeRequest } from "./probe.ts";
import type { RawAccount } from "./servers/raw-upstream.ts";
import type { System } from "./system.ts";

const CALL_TIMEOUT_MS = 20_000;
/** The runtime ends the connection of a hibernating socket seconds after the close frames. Tests need not wait for it. */
const WEB_SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024, closeTimeout: 500 };

export interface Call {
  /** A tunnel binding of the test gateway (default TUNNEL), or `direct`. */
  via?: string;
  /** The service's name; `path` is appended to it unchanged. */
  service: string;
  path: string;
  method?: string;
  headers?: Record<string, string | string[]> | string[];
  /** A stream is sent chunked unless `headers` has its length. */
  body?: Buffer | string | Readable;
  /** How long to wait for the head; default 20 s. */
  timeoutMs?: number;
}

/** A WebSocket through the test gateway. */
export function dialWebSocket(
  system: System,
  { via = "TUNNEL", service, path, headers = {} }: Call & { headers?: Record<string, string> },
  protocols: string[] = [],
): WebSocket {
  const url = `${system.gatewayUrl.replace("http", "ws")}/pass/${via}/${urlOf(system, { via, service, path })}`;
  return new WebSocket(url, protocols, { headers, ...WEB_SOCKET_OPTIONS });
}

export interface Answer {
  status: number;
  reason: string;
  /** In their order of arrival, names in lower case, without fields that belong to one connection. */
  headers: [name: string, value: string][];
  body: Buffer;
  /** The connection ended before the body did. */
  aborted: boolean;
}

/** Names that each hop sets for itself. */
const PER_CONNECTION = new Set(["connection", "keep-alive", "date", "transfer-encoding"]);

/** What the relay adds to a request, and nothing else. */
const GENERATED = /^(forwarded|x-forwarded-.*|cdn-loop|traceparent|x-case)$/;

function urlOf(system: System, { via = "TUNNEL", service, path }: Call): string {
  return (via === "direct" ? system.directOrigin(service) : `http://${service}`) + path;
}

/** A request through the test gateway; the caller writes the body and handles every event. */
export function openCall(system: System, call: Call): ClientRequest {
  const gateway = new URL(system.gatewayUrl);
  return httpRequest({
    host: gateway.hostname,
    port: gateway.port,
    agent: false,
    maxHeaderSize: 64 * 1024,
    method: call.method ?? "GET",
    path: `/pass/${call.via ?? "TUNNEL"}/${urlOf(system, call)}`,
    // Node sends a list of headers as it is, and then adds no Host.
    headers: Array.isArray(call.headers) ? ["host", gateway.host, ...call.headers] : (call.headers ?? {}),
  });
}

/** Resolves with the head. If the request has a body, sending continues. */
export async function head(system: System, call: Call): Promise<IncomingMessage> {
  const request = openCall(system, call);
  const response = once(request, "response", {
    signal: AbortSignal.timeout(call.timeoutMs ?? CALL_TIMEOUT_MS),
  });
  if (call.body instanceof Readable) {
    // An answer that comes before the end of the upload may cut the upload short.
    pipeline(call.body, request).catch(() => {});
  } else request.end(call.body);
  return (await response)[0] as IncomingMessage;
}

export async function call(system: System, wanted: Call): Promise<Answer> {
  return read(await head(system, wanted));
}

export async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let aborted = false;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    aborted = true;
  }
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    headers: fieldsOf(response.rawHeaders).filter(([name]) => !PER_CONNECTION.has(name)),
    body: Buffer.concat(chunks),
    aborted,
  };
}

function fieldsOf(rawHeaders: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    fields.push([(rawHeaders[index] ?? "").toLowerCase(), rawHeaders[index + 1] ?? ""]);
  }
  return sorted(fields);
}

/** Sorts by name and keeps the order of fields with the same name. The runtime's `Headers` uses this order too. */
function sorted(fields: [string, string][]): [string, string][] {
  return fields.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}

export function field(answer: Pick<Answer, "headers">, name: string): string | null {
  return answer.headers.find(([field_]) => field_ === name)?.[1] ?? null;
}

/** The same call through the tunnel and without it. */
export async function bothWays(
  system: System,
  wanted: Omit<Call, "via" | "body"> & { body?: Buffer | string | (() => Readable) },
): Promise<{ tunnel: Answer; direct: Answer }> {
  const { body, ...rest } = wanted;
  const send = (via: string) =>
    call(system, {
      ...rest,
      via,
      ...(body === undefined ? {} : { body: typeof body === "function" ? body() : body }),
    });
  const [tunnel, direct] = await Promise.all([send("TUNNEL"), send("direct")]);
  return { tunnel, direct };
}

/** What the upstream received, without what may differ from hop to hop. */
export function seenByUpstream(answer: Answer): Omit<RawAccount, "connection"> {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.toString()}`);
  const { requestLine, headers, bodyBase64 } = JSON.parse(answer.body.toString()) as RawAccount;
  const fields = headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const kept = fields.filter(([name]) => !PER_CONNECTION.has(name) && !GENERATED.test(name));
  return { requestLine, headers: joined(sorted(kept)), bodyBase64 };
}

/** Joins fields of one name into a list, as `Headers` in a Worker does (RFC 9110 §5.3). */
function joined(fields: [string, string][]): [string, string][] {
  const byName = new Map<string, string>();
  for (const [name, value] of fields) {
    const before = byName.get(name);
    byName.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...byName];
}

/** Makes the test gateway send the request with a Worker's own `fetch`, and describe what it saw. */
export async function probe(
  system: System,
  wanted: Omit<ProbeRequest, "url" | "via"> & { via?: string; service: string; path: string },
): Promise<Observation> {
  const { service, path, via = "TUNNEL", ...rest } = wanted;
  const probeRequest: ProbeRequest = { ...rest, via, url: urlOf(system, { via, service, path }) };
  const response = await fetch(`${system.gatewayUrl}/probe`, {
    method: "POST",
    body: JSON.stringify(probeRequest),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the test gateway failed: ${await response.text()}`);
  return (await response.json()) as Observation;
}
