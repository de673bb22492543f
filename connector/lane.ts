import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";

export interface LaneRequest {
  method: string;
  /** Latin-1, byte for byte what the request carries. */
  path: string;
  /** The authority to name. */
  host: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: string[];
  body: Buffer | Readable | null;
}

/** As undici types it; here it is always a list of buffers. */
export type RawFields = Dispatcher.DispatchController["rawHeaders"];

/** What undici calls a controller, as far as an exchange needs it. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Names and values in turn. */
  readonly rawHeaders?: RawFields;
  readonly rawTrailers?: RawFields;
}

/** The callbacks of undici's `DispatchHandler` that an exchange listens to. */
export interface LaneEvents {
  /** From here on something may have been written. */
  onRequestStart(flow: Flow): void;
  /** To its last byte. */
  onRequestSent(): void;
  /** Something of a response was seen. */
  onResponseStarted(): void;
  onResponseStart(flow: Flow, status: number, parsed: unknown, reason?: string): void;
  onResponseData(flow: Flow, bytes: Buffer): void;
  onResponseEnd(flow: Flow): void;
  onResponseError(flow: Flow | null, error: Error): void;
}

/** Room for one exchange on a connection: all of an HTTP/1.1 connection, or one stream of an HTTP/2 one. */
export interface Lane {
  /** The connection carried an exchange before: its peer may have closed it in the meantime. */
  readonly reused: boolean;
  /** The connection had an error, which may look like the end of a body without a length. */
  readonly broken: boolean;
  dispatch(request: LaneRequest, events: LaneEvents): void;
  /** The exchange ended as it should. */
  done(): void;
  /** Ends the exchange at once; `onTornDown` is called when nothing of it occupies the upstream any more. */
  abort(onTornDown: () => void): void;
}
