import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Field } from "../../shared/protocol/index.ts";

/** A request to switch this connection to another protocol, which only HTTP/1.1 has (RFC 9110 §7.8). */
export interface Upgrade {
  protocol: string;
  /** What is wrong with a 101 that has these fields; null: nothing. */
  problemWith(fields: readonly Field[]): string | null;
  /** The last event. From here on the caller owns the connection, and `behind` is what already came after the 101. */
  onSwitched(switched: Switched): void;
}

export interface Switched {
  reason: string;
  fields: readonly Field[];
  socket: Socket;
  behind: Buffer;
}

export interface LeaseRequest {
  method: string;
  /** Latin-1, byte for byte what the request carries. */
  path: string;
  /** The authority to name. */
  host: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: readonly string[];
  body: Buffer | Readable | null;
  /** On a connection of its own, without a body. */
  upgrade?: Upgrade | undefined;
}

export interface UploadProgress {
  /** Bytes are waiting that the upstream does not accept. */
  readonly blocked: boolean;
  /** When bytes of the body last arrived or were sent. */
  readonly movedAtMs: number;
}

/** Events of a lease. The exchange may abort, pause or resume the lease in any of them. */
export interface LeaseEvents {
  /** From here on a part of the request may have been written. */
  onRequestStart(): void;
  /** The whole request has been sent. */
  onRequestSent(): void;
  /** A 1xx other than 101, of which any number may come before the head. */
  onInterimHead(status: number, fields: readonly Field[]): void;
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
  /** A part of a response has arrived, even if only a 1xx. */
  readonly heard: boolean;
  /** Progress of the body while it is being sent. */
  readonly upload: UploadProgress | null;
  /** After a failure in which nothing was processed: the whole streamed body again, for another lease. */
  readonly returnedBody: Buffer | Readable | null;
  dispatch(request: LeaseRequest, events: LeaseEvents): void;
  pause(): void;
  resume(): void;
  /** The exchange ended as it should. */
  done(): void;
  /**
   * Ends the exchange at once. `onTornDown` is called when it no longer uses the upstream. `timedOut`: the answer did not come
   * in time. If the connection has been silent altogether, other exchanges should then avoid it.
   */
  abort(onTornDown: () => void, timedOut?: boolean): void;
}
