import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { createSecureContext, type SecureContext } from "node:tls";

/** An exchange that takes longer counts as hanging. */
export const TIMEOUT_MS = 30_000;
const CHUNK_BYTES = 16 * 1024;

export interface Wanted {
  method: string;
  path: string;
  fields?: readonly (readonly [name: string, value: string])[];
  body?: Buffer;
  /** The body is sent without a length, in pieces. */
  chunked?: boolean;
}

/** The outcome of a request, as the client saw it. */
export interface Seen {
  /** 0 if there was no answer. */
  status: number;
  /** HTTP/2 has none. */
  reason: string | null;
  /** In their order, names in lower case, bytes as Latin-1. */
  fields: [name: string, value: string][];
  body: Buffer;
  /** Instead of the body, if a gateway's code read it. */
  digest?: { bytes: number; sha256: string };
  /** The body ended early. */
  aborted: boolean;
  /** Why there was no answer. */
  error: string | null;
}

export interface Target {
  origin: string;
  /** Prepended to each path without changes. */
  prefix?: string;
  protocol: "http1" | "http2";
  tls?: { ca: string; cert: string; key: string };
}

const contexts = new WeakMap<object, SecureContext>();

/** Connections share it: to make it takes as long as a handshake. */
function secured({ tls }: Target): { secureContext?: SecureContext } {
  if (tls === undefined) return {};
  const secureContext = contexts.get(tls) ?? createSecureContext(tls);
  contexts.set(tls, secureContext);
  return { secureContext };
}

/** Sends the request on a connection of its own, so that nothing depends on the request before. */
export function exchange(target: Target, wanted: Wanted): Promise<Seen> {
  return target.protocol === "http1" ? byHttp1(target, wanted) : byHttp2(target, wanted);
}

/**
 * Sends the request through a gateway. If an answer comes before the end of the upload, the gateway's runtime closes the
 * connection after it, and the client may lose what it has not read. In that case the request is repeated.
 */
export async function patiently(target: Target, wanted: Wanted): Promise<Seen> {
  for (let tries = 1; ; tries++) {
    const seen = await exchange(target, wanted);
    const hungUp = seen.error !== null && /EPIPE|ECONNRESET|hang up/.test(seen.error);
    if (!hungUp || wanted.body === undefined || tries === 4) return seen;
  }
}

/** The outcome if there was no answer. */
export const nothing = (error: string): Seen => ({
  status: 0,
  reason: null,
  fields: [],
  body: Buffer.alloc(0),
  aborted: false,
  error,
});

async function byHttp1(target: Target, wanted: Wanted): Promise<Seen> {
  const url = new URL(target.origin);
  const fields = ["host", url.host, ...(wanted.fields ?? []).flat()];
  if (wanted.chunked === true) fields.push("transfer-encoding", "chunked");
  else if (wanted.body !== undefined) fields.push("content-length", String(wanted.body.byteLength));
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send({
    host: url.hostname,
    port: url.port,
    method: wanted.method,
    path: (target.prefix ?? "") + wanted.path,
    headers: fields,
    maxHeaderSize: 256 * 1024,
    agent: false,
    ...secured(target),
  });
  request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error("no end in time")));
  const response = await new Promise<IncomingMessage | Error>((resolve) => {
    // An answer may come before the end of the upload, and an error of the upload after it.
    request.on("response", resolve);
    request.on("error", resolve);
    void upload(request, wanted);
  });
  if (response instanceof Error) return nothing(response.message);
  const chunks: Buffer[] = [];
  const complete = await new Promise<boolean>((resolve) => {
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", () => {});
    response.on("close", () => resolve(response.complete));
  });
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    fields: pairs(response.rawHeaders),
    body: Buffer.concat(chunks),
    aborted: !complete,
    error: null,
  };
}

async function upload(request: ClientRequest, { body, chunked }: Wanted): Promise<void> {
  if (chunked === true && body !== undefined) {
    for (let at = 0; at < body.byteLength && !request.destroyed; at += CHUNK_BYTES) {
      request.write(body.subarray(at, at + CHUNK_BYTES));
      await sleep(0);
    }
    request.end();
  } else request.end(body);
}

function byHttp2(target: Target, wanted: Wanted): Promise<Seen> {
  return new Promise((resolve) => {
    const url = new URL(target.origin);
    const session = connectHttp2(url, {
      ...secured(target),
      settings: { maxHeaderListSize: 256 * 1024 },
      maxHeaderListPairs: 1_000,
    } as object);
    const seen = nothing("no answer");
    const finish = (problem?: string) => {
      if (seen.status === 0 && problem !== undefined) seen.error = problem;
      clearTimeout(overdue);
      session.destroy();
      resolve({ ...seen, body: Buffer.concat(chunks) });
    };
    const overdue = setTimeout(() => finish("no end in time"), TIMEOUT_MS);
    const chunks: Buffer[] = [];
    session.on("error", (error) => finish(error.message));
    const headers: Record<string, string | string[]> = { ":method": wanted.method, ":path": wanted.path };
    for (const [name, value] of wanted.fields ?? []) {
      const before = headers[name];
      headers[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
    }
    if (wanted.body !== undefined && wanted.chunked !== true) {
      headers["content-length"] = String(wanted.body.byteLength);
    }
    const stream = session.request(headers, { endStream: wanted.body === undefined });
    stream.on("response", (fields, _flags, ...rest) => {
      seen.status = Number(fields[":status"]);
      seen.error = null;
      // Node passes the fields as they were on the wire in an additional argument, which its types do not have.
      const raw = (rest as unknown[])[0] as string[] | undefined;
      seen.fields = pairs(raw ?? []).filter(([name]) => !name.startsWith(":"));
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Only END_STREAM is an end. At the event `end` it is too late to tell it from a reset without an error.
    let whole: boolean | null = null;
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null) whole ??= stream.rstCode === 0 && stream.state.remoteClose === 0;
      return push(chunk, encoding);
    };
    stream.on("error", (error) => {
      if (seen.status === 0) seen.error = error.message;
    });
    stream.on("close", () => {
      seen.aborted = seen.status !== 0 && whole !== true && wanted.method !== "HEAD";
      finish(`closed with ${stream.rstCode}`);
    });
    if (wanted.body === undefined) return;
    if (wanted.chunked === true) {
      for (let at = 0; at < wanted.body.byteLength; at += CHUNK_BYTES) {
        stream.write(wanted.body.subarray(at, at + CHUNK_BYTES));
      }
      stream.end();
    } else stream.end(wanted.body);
  });
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[index * 2] ?? "").toLowerCase(),
    raw[index * 2 + 1] ?? "",
  ]);
}
