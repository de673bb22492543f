/*
 * An HTTP/2 client of our own: many exchanges on a connection.
 *
 * Only END_STREAM ends a body. A failure is reported once. It counts as not processed only after REFUSED_STREAM, and for streams
 * above the last one of a GOAWAY. A silent connection gets a PING and no new exchanges.
 *
 * Begin with `connection.ts`, then `stream.ts`. Decision 0035 says why Node's client is not used;
 * test/conformance/http2 plays odd and hostile frames.
 */
export { Http2Connection } from "./connection.ts";
