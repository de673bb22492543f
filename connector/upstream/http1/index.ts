/*
 * An HTTP/1.1 client: one exchange at a time on a connection, strict where two readers of the same bytes could differ.
 *
 * The head goes to the caller before the body's fate is known; bytes behind an answer end the connection; only what the
 * framing says is complete counts as complete. A refusal that comes while an upload runs is still read.
 *
 * Begin with `connection.ts`, then `response.ts`, `head.ts` and `framing.ts`. docs/upstreams.md has every form with what
 * becomes of it; decision 0026.
 */
export { Http1Connection } from "./connection.ts";
export { listed } from "./framing.ts";
export { TlsEnding } from "./tls-ending.ts";
