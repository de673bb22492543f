import { trimBlanks } from "../../../shared/http/index.ts";
import { type Field, TunnelError } from "../../../shared/protocol/index.ts";
import { lengthOf } from "../http-fields.ts";

export interface Framing {
  /** The length of the body, or how its end is found. */
  body: number | "chunked" | "until close";
  /** The connection may carry another exchange after this response. */
  keepAlive: boolean;
  /** How long the server keeps an idle connection, if it says so. */
  keepAliveMs: number | null;
}

/**
 * Where a response's body ends (RFC 9112 §6.3), and whether another response may follow (§9.3). Throws
 * UPSTREAM_PROTOCOL where that is ambiguous, so that no byte of a body is ever read as the next response:
 *
 * - A transfer coding overrides a length, but a sender of both may be smuggling (§6.1). Without a body, as after a HEAD,
 *   nothing is ambiguous: the response is accepted, and the connection is closed.
 * - `chunked` is the only coding that a client need not ask for (§6.1, §7.4). The tunnel could not pass on any other.
 *   `identity` is how some old servers say "none".
 * - HTTP/1.0 has no transfer codings. One is accepted nevertheless, and the connection is closed (§6.1).
 * - A 204 that announces a body may really send one, so the connection is closed. A 304 announces what a 200 would have.
 */
export function framingOf(
  method: string,
  status: number,
  minorVersion: number,
  fields: readonly Field[],
): Framing {
  let codings: string | null = null;
  let connection = "";
  let keepAliveMs: number | null = null;
  for (const [name, value] of fields) {
    if (name === "transfer-encoding") codings = codings === null ? value : `${codings},${value}`;
    else if (name === "connection") connection = connection === "" ? value : `${connection},${value}`;
    else if (name === "keep-alive") keepAliveMs ??= timeoutOf(value);
  }
  const length = lengthOf(fields);
  if (length === "invalid") throw ambiguous("its Content-Length is not one number");
  const keepAlive =
    minorVersion === 0
      ? codings === null && listed(connection, "keep-alive") && !listed(connection, "close")
      : !listed(connection, "close");
  if (method === "HEAD" || status === 204 || status === 304) {
    const isOdd =
      status === 204 ? codings !== null || (length ?? 0) > 0 : codings !== null && length !== null;
    return { body: 0, keepAlive: keepAlive && !isOdd, keepAliveMs };
  }
  if (codings === null) {
    if (length !== null) return { body: length, keepAlive, keepAliveMs };
    return { body: "until close", keepAlive: false, keepAliveMs };
  }
  if (length !== null) throw ambiguous("it has a Content-Length and a Transfer-Encoding");
  switch (codings.toLowerCase()) {
    case "chunked":
      return { body: "chunked", keepAlive, keepAliveMs };
    case "identity":
      return { body: "until close", keepAlive: false, keepAliveMs };
    default:
      throw new TunnelError(
        "UPSTREAM_PROTOCOL",
        "the response has a transfer coding that was not requested: its Transfer-Encoding is not exactly chunked",
      );
  }
}

/** Whether a comma-separated list contains `option`, which is in lower case. */
export function listed(list: string, option: string): boolean {
  const lower = list.toLowerCase();
  if (!lower.includes(",")) return lower === option;
  return lower.split(",").some((member) => trimBlanks(member) === option);
}

function timeoutOf(keepAlive: string): number | null {
  const seconds = /(?:^|,)[ \t]*timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

function ambiguous(why: string): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", `the response's end is ambiguous: ${why}`);
}
