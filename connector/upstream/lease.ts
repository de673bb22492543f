import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Field } from "../../shared/protocol/index.ts";

/** The wish to speak another protocol on this connection, which HTTP/1.1 alone has (RFC 9110 §7.8). */
export interface Upgrade {
  protocol: string;
  /** What is wrong with a 101 that has these fields; null: nothing. */
  problemWith(fields: readonly Field[]): string | null;
  /** The last that is heard. From here on the connection is its owner's, with what came behind the 101 already. */
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
  /** Something is here that the upstream does not take. */
  readonly blocked: boolean;
  /** When some of it last came or went. */
  readonly movedAtMs: number;
}

/** What an exchange hears from its lease. It may abort, pause or resume the lease in any of these. */
export interface LeaseEvents {
  /** From here on something may have been written. */
  onRequestStart(): void;
  /** To its last byte. */
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
  /** Something of a response has come, be it a 1xx. */
  readonly heard: boolean;
  /** How the body's sending goes, while it does. */
  readonly upload: UploadProgress | null;
  /** After a failure with nothing processed: a streamed body as it was before, for another lease. */
  readonly returnedBody: Buffer | Readable | null;
  dispatch(request: LeaseRequest, events: LeaseEvents): void;
  pause(): void;
  resume(): void;
  /** The exchange ended as it should. */
  done(): void;
  /**
   * Ends the exchange at once; `onTornDown` is called when nothing of it occupies the upstream any more. `timedOut`: it
   * was not answered in time, which makes its connection doubtful for others where it has been silent altogether.
   */
  abort(onTornDown: () => void, timedOut?: boolean): void;
}
