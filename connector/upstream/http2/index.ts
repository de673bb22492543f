/*
 * An HTTP/2 client of our own: many exchanges on a connection.
 *
 * Only END_STREAM ends a body. A failure is told once, and as not processed only for REFUSED_STREAM and for streams beyond a
 * GOAWAY's last one. A connection that went silent is asked by PING and is not given new exchanges.
 *
 * Begin with `connection.ts`, then the file of one stream beside it. Decision 0035 says why Node's client is not used;
 * test/conformance/http2 plays odd and hostile frames.
 */
export { Http2Connection } from "./connection.ts";
