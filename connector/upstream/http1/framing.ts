import { contentLengthOf } from "../../../shared/http/fields.ts";
import type { Field } from "../../../shared/protocol/head.ts";
import { TunnelError } from "../../../shared/protocol/tunnel-error.ts";

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
 * - a transfer coding overrides a length, but who sends both may be smuggling (§6.1);
 * - of Content-Length, one field with digits only is taken: no list, and no second field even with the same number;
 * - chunks in chunks may not be sent (§6.1). Codings that do not end in chunks last until the connection closes;
 * - an HTTP/1.0 sender knows no transfer coding: one is believed for once, and the connection is over (§6.1);
 * - a 204 or 304 that announces a body may well send one: the connection is over, too.
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
  const length = contentLengthOf(fields);
  if (length === "invalid") throw ambiguous("its Content-Length is not one number");
  if (codings !== null && length !== null) throw ambiguous("it has a Content-Length and a Transfer-Encoding");
  const chunked = codings !== null && endsInChunks(codings);
  const keepAlive =
    minorVersion === 0
      ? codings === null && listed(connection, "keep-alive") && !listed(connection, "close")
      : !listed(connection, "close");
  if (status === 204 || status === 304) {
    return { body: 0, keepAlive: keepAlive && codings === null && (length ?? 0) === 0, keepAliveMs };
  }
  if (method === "HEAD") return { body: 0, keepAlive, keepAliveMs };
  if (chunked) return { body: "chunked", keepAlive, keepAliveMs };
  if (codings !== null || length === null) return { body: "until close", keepAlive: false, keepAliveMs };
  return { body: length, keepAlive, keepAliveMs };
}

function endsInChunks(codings: string): boolean {
  const names = codings.toLowerCase().split(",").map(trimBlanks);
  if (names.indexOf("chunked") !== names.lastIndexOf("chunked")) {
    throw ambiguous("its Transfer-Encoding is chunked more than once");
  }
  return names.at(-1) === "chunked";
}

/** `option` in lower case, among the members of a list. */
function listed(list: string, option: string): boolean {
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
