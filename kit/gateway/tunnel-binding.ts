import type { TunnelErrorCode } from "./tunnel-error.ts";

/**
 * The type of a tunnel's binding, for `Env`: `interface Env { TUNNEL: TunnelBinding }`.
 * The host of the URL is a service's name, or a host that a network rule of the services file opens.
 */
export interface TunnelBinding {
  /** Never throws for a failure of the tunnel: that is an answer, which `tunnelError` reads. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;

  /**
   * A TCP connection to a TCP service by its name, or to `host:port` that a network rule of protocol tcp opens. Rejects
   * with a `TunnelDialError`. A connection that is cut rejects its reader and its writer: a clean end is the upstream's.
   */
  dial(address: string): Promise<TunnelStreams>;

  /**
   * The runtime's own way to the same, for code that knows only that. It can't tell failures: `opened` always resolves,
   * and a connection that was refused or cut looks like one that ended. Prefer `dial` and `connectTcp`.
   */
  connect(address: string): unknown;
}

/** The two ways of a TCP connection. Closing the writable is a half-close. */
export interface TunnelStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** Why there is no connection: the same facts as `tunnelError` reads of an answer. */
export interface TunnelDialError extends Error {
  code: TunnelErrorCode;
  /** That an answer to `fetch` would have had. */
  status: number;
  requestId: string;
}
