import { type Field, TunnelError } from "../../../shared/protocol/index.ts";
import { lengthOf } from "../http-fields.ts";

export interface Framing {
  /** Bytes that follow the head, or how their end is known. */
  body: number | "chunked" | "until close";
  /** The connection may carry another exchange behind this response. */
  keepAlive: boolean;
  /** How long the server says that it keeps an idle connection. */
  keepAliveMs: number | null;
}

/**
 * Where a response's body ends (RFC 9112 §6.3), and whether another response may follow (§9.3). Throws
 * UPSTREAM_PROTOCOL where that is ambiguous, so that no byte of a body is ever read as the next response:
 *
 * - a transfer coding overrides a length, but who sends both may be smuggling (§6.1). Without a body, as behind a HEAD,
 *   there is nothing to be ambiguous about, and the connection is over;
 * - `chunked` is the one coding that may be sent to who asked for none (§6.1, §7.4): the tunnel could pass on no other
 *   as what it is. `identity` is what some old servers call none;
 * - an HTTP/1.0 sender knows no transfer coding: one is believed for once, and the connection is over (§6.1);
 * - a 204 that announces a body may well send one: the connection is over, too. A 304 says what a 200 would have.
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
        "the response has a transfer coding that nobody asked for: its Transfer-Encoding is not chunked alone",
      );
  }
}

/** `option` in lower case, among the members of a list. */
export function listed(list: string, option: string): boolean {
  const lower = list.toLowerCase();
  if (!lower.includes(",")) return lower === option;
  return lower.split(",").some((member) => trimBlanks(member) === option);
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function timeoutOf(keepAlive: string): number | null {
  const seconds = /(?:^|,)[ \t]*timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

function ambiguous(why: string): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", `the response's end is ambiguous: ${why}`);
}
