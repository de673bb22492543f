import { HOP_BY_HOP, isToken } from "../../../shared/http/index.ts";
import { TunnelError } from "../../../shared/protocol/index.ts";
import type { LeaseRequest } from "../lease.ts";

/** RFC 9110 §8.6: with these methods, a request without a body says so by `content-length: 0`. Others say nothing. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set([
  "PATCH",
  "POST",
  "PROPFIND",
  "PROPPATCH",
  "PUT",
  "QUERY",
]);

/** Not allowed in a path. The text is written as Latin-1, so a higher character would be cut to one byte, perhaps a CR or LF. */
const NOT_IN_PATH = /[^\x21-\x7e\x80-\xff]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

export interface RequestHead {
  /** Followed on the wire by the line that frames the body, if any, and an empty line. */
  text: string;
  /** The body's length according to the fields; null if they do not say. */
  declaredBytes: number | null;
  expectsBody: boolean;
}

/**
 * The head of a request, without the framing of its body. The caller has validated all of this already. Characters that
 * could split a request or end its head are refused here again, as BAD_REQUEST, not processed.
 */
export function requestHead({ method, path, host, rawHeaders, upgrade }: LeaseRequest): RequestHead {
  if (!isToken(method)) throw refused("the method is not a token");
  if (path === "" || NOT_IN_PATH.test(path)) throw refused("the path has a character that is not allowed");
  if (NOT_IN_PATH.test(host)) throw refused("the host has a character that is not allowed");
  const connection = upgrade === undefined ? "keep-alive" : `Upgrade\r\nupgrade: ${upgrade.protocol}`;
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n`;
  let declaredBytes: number | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const lower = name.toLowerCase();
    if (!isToken(name)) throw refused("a field name is not a token");
    if (NOT_IN_VALUE.test(value)) throw refused(`the value of ${name} has a character that is not allowed`);
    if (lower === "content-length") {
      if (declaredBytes !== null || !/^\d{1,16}$/.test(value))
        throw refused("Content-Length is not one number");
      declaredBytes = Number(value);
    } else if (HOP_BY_HOP.has(lower) || lower === "host") {
      throw refused(`${name} is a hop-by-hop field`);
    } else {
      text += `${name}: ${value}\r\n`;
    }
  }
  return { text, declaredBytes, expectsBody: METHODS_WITH_BODY.has(method) };
}

/** The line that frames a body of this length. Null: the length is not known, and the body is sent in chunks. */
export function bodyFraming(lengthBytes: number | null, expectsBody: boolean): string {
  if (lengthBytes === null) return "transfer-encoding: chunked\r\n\r\n";
  return lengthBytes > 0 || expectsBody ? `content-length: ${lengthBytes}\r\n\r\n` : "\r\n";
}

function refused(why: string): TunnelError {
  return new TunnelError("BAD_REQUEST", why, { notProcessed: true });
}
