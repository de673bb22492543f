import { HOP_BY_HOP, isToken } from "../../../shared/http/index.ts";
import { TunnelError } from "../../../shared/protocol/index.ts";
import type { LeaseRequest } from "../lease.ts";

/** RFC 9110 §8.6: a request with one of these says that it has no body; with any other, silence says so. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set([
  "PATCH",
  "POST",
  "PROPFIND",
  "PROPPATCH",
  "PUT",
  "QUERY",
]);

/** What may not leave, all of it written as Latin-1: a character beyond that would be cut to a byte, be it a CR or LF. */
const NOT_IN_PATH = /[^\x21-\x7e\x80-\xff]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

export interface RequestHead {
  /** To be followed by the line that frames the body, if any, and an empty one. */
  text: string;
  /** What the fields say of the body's length, if they do. */
  declaredBytes: number | null;
  expectsBody: boolean;
}

/**
 * The head of a request, but for its body's framing. Whoever calls has validated all of this before; nothing that
 * could split a request or end its head passes here either: BAD_REQUEST, not processed.
 */
export function requestHead({ method, path, host, rawHeaders, upgrade }: LeaseRequest): RequestHead {
  if (!isToken(method)) throw refused("the method is no token");
  if (path === "" || NOT_IN_PATH.test(path)) throw refused("a character that no path may have");
  if (NOT_IN_PATH.test(host)) throw refused("a character that no host may have");
  const connection = upgrade === undefined ? "keep-alive" : `Upgrade\r\nupgrade: ${upgrade.protocol}`;
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n`;
  let declaredBytes: number | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const lower = name.toLowerCase();
    if (!isToken(name)) throw refused("a field's name is no token");
    if (NOT_IN_VALUE.test(value)) throw refused(`a character that no value of ${name} may have`);
    if (lower === "content-length") {
      if (declaredBytes !== null || !/^\d{1,16}$/.test(value))
        throw refused("Content-Length is not one number");
      declaredBytes = Number(value);
    } else if (HOP_BY_HOP.has(lower) || lower === "host") {
      throw refused(`${name} belongs to the hop`);
    } else {
      text += `${name}: ${value}\r\n`;
    }
  }
  return { text, declaredBytes, expectsBody: METHODS_WITH_BODY.has(method) };
}

/** How a body is framed that is here, or whose end has come; null: it has chunks. */
export function bodyFraming(lengthBytes: number | null, expectsBody: boolean): string {
  if (lengthBytes === null) return "transfer-encoding: chunked\r\n\r\n";
  return lengthBytes > 0 || expectsBody ? `content-length: ${lengthBytes}\r\n\r\n` : "\r\n";
}

export function wrongLength(notProcessed: boolean): TunnelError {
  return new TunnelError("STREAM_ERROR", "the request body is not as long as its Content-Length", {
    notProcessed,
  });
}

function refused(why: string): TunnelError {
  return new TunnelError("BAD_REQUEST", why, { notProcessed: true });
}
