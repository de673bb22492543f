import type { Readable } from "node:stream";
import type { Field } from "../../shared/protocol/head.ts";

export interface LeaseRequest {
  method: string;
  /** Latin-1, byte for byte what the request carries. */
  path: string;
  /** The authority to name. */
  host: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: readonly string[];
  body: Buffer | Readable | null;
}

/** What an exchange hears from its lease. It may abort, pause or resume the lease in any of these. */
export interface LeaseEvents {
  /** From here on something may have been written. */
  onRequestStart(): void;
  /** To its last byte. */
  onRequestSent(): void;
  /** Never a 1xx. Names are in lower case. */
  onResponseHead(status: number, reason: string, fields: readonly Field[]): void;
  /** Not while paused. */
  onResponseData(bytes: Buffer): void;
  onResponseEnd(trailers: readonly Field[]): void;
  /** Instead of `onResponseEnd`. */
  onLeaseError(error: Error): void;
}

/** Room for one exchange on a connection: all of an HTTP/1.1 connection, or one stream of an HTTP/2 one. */
export interface Lease {
  /** The connection carried an exchange before: its peer may have closed it in the meantime. */
  readonly reused: boolean;
  /** Something of a response has come, be it a 1xx. */
  readonly heard: boolean;
  dispatch(request: LeaseRequest, events: LeaseEvents): void;
  pause(): void;
  resume(): void;
  /** The exchange ended as it should. */
  done(): void;
  /** Ends the exchange at once; `onTornDown` is called when nothing of it occupies the upstream any more. */
  abort(onTornDown: () => void): void;
}
