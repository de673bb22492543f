import { HOP_BY_HOP, isFieldName, isFieldValue, isToken } from "../../../shared/http/index.ts";
import { type Field, TunnelError } from "../../../shared/protocol/index.ts";
import { lengthOf, receivedFields } from "../http-fields.ts";
import type { LeaseRequest } from "../lease.ts";
import { CODE, Http2StreamError } from "./frames.ts";

/** Not allowed in a path, which is written as Latin-1: a server that passes it on to HTTP/1.1 might copy it unchecked. */
const NOT_IN_PATH = /[^\x21-\x7e\x80-\xff]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** RFC 9113 §8.2.2: a response that has one is malformed. */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

export interface RequestHead {
  /** Names and Latin-1 values in turn, pseudo-fields first. */
  raw: string[];
  /** The body's length according to the fields; null if they do not say. */
  declaredBytes: number | null;
}

/** The caller has validated all of this already. Ambiguous characters are refused here again. */
export function requestHead(request: LeaseRequest, secure: boolean): RequestHead {
  const { method, path, host, rawHeaders, body } = request;
  if (!isToken(method)) throw refused("the method is not a token");
  if (path === "" || NOT_IN_PATH.test(path)) throw refused("the path has a character that is not allowed");
  if (NOT_IN_PATH.test(host)) throw refused("the host has a character that is not allowed");
  const scheme = secure ? "https" : "http";
  const raw = [":method", method, ":scheme", scheme, ":authority", host, ":path", path];
  let declaredBytes: number | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    if (!isFieldName(name)) throw refused("a field name is not a token");
    if (NOT_IN_VALUE.test(value)) throw refused(`the value of ${name} has a character that is not allowed`);
    if (HOP_BY_HOP.has(name) || name === "host") throw refused(`${name} is a hop-by-hop field`);
    if (name === "content-length") {
      if (declaredBytes !== null || !/^\d{1,16}$/.test(value)) {
        throw refused("Content-Length is not one number");
      }
      declaredBytes = Number(value);
    }
    raw.push(name, value);
  }
  if (declaredBytes === null && Buffer.isBuffer(body)) {
    declaredBytes = body.byteLength;
    raw.push("content-length", String(declaredBytes));
  }
  return { raw, declaredBytes };
}

export interface ResponseHead {
  status: number;
  fields: readonly Field[];
}

/** RFC 9113 §8.3.2: the status, and no other pseudo-field, before all others. */
export function responseHead(raw: readonly string[]): ResponseHead {
  const [first, status = ""] = raw;
  if (first !== ":status" || !/^[1-9]\d\d$/.test(status)) {
    throw malformed("it does not start with a status of three digits");
  }
  return { status: Number(status), fields: regularFields(raw.slice(2)) };
}

export function responseTrailers(raw: readonly string[]): readonly Field[] {
  return regularFields(raw);
}

function regularFields(raw: readonly string[]): readonly Field[] {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (name.startsWith(":")) throw malformed("a pseudo-field that is not allowed there");
    if (!isFieldName(name)) throw malformed("a field name is not a lower-case token");
    if (!isFieldValue(raw[i + 1] ?? "")) throw malformed("a control character in a field");
    if (OF_HTTP1.has(name)) throw malformed(`${name} is not allowed in HTTP/2`);
  }
  return receivedFields(raw);
}

/** The length that the body must have; null: any. */
export function bodyLengthOf(method: string, { status, fields }: ResponseHead): number | null {
  if (method === "HEAD" || status === 204 || status === 304) return 0;
  const length = lengthOf(fields);
  if (length === "invalid") throw malformed("its Content-Length is not one number");
  return length;
}

export function malformed(why: string): Http2StreamError {
  return new Http2StreamError(CODE.PROTOCOL_ERROR, `the response is not valid HTTP/2: ${why}`);
}

function refused(why: string): TunnelError {
  return new TunnelError("BAD_REQUEST", why, { notProcessed: true });
}
