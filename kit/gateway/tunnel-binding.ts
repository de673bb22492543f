import type { TunnelErrorCode } from "./tunnel-error.ts";

/**
 * The type of a tunnel's binding, for `Env`: `interface Env { TUNNEL: TunnelBinding }`. The host of the URL is the name of
 * a service, or a host that a network rule of the services file allows.
 */
export interface TunnelBinding {
  /** Never throws if the tunnel fails: the response then says why, and `tunnelError` reads it. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;

  /**
   * Opens a TCP connection to a TCP service by its name, or to a `host:port` that a network rule of protocol tcp allows.
   * Rejects with a `TunnelDialError`. If the connection is cut, reads and writes reject; a clean end always comes from the
   * upstream.
   */
  dial(address: string): Promise<TunnelStreams>;

  /**
   * The runtime's own method, for code that knows no other. It cannot report failures: `opened` always resolves, and a
   * connection that was refused or cut looks like one that ended. Prefer `dial` and `connectTcp`.
   */
  connect(address: string): unknown;
}

/** The two directions of a TCP connection. Closing the writable is a half-close. */
export interface TunnelStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** Why there is no connection, in the fields that `tunnelError` reads from a response. */
export interface TunnelDialError extends Error {
  code: TunnelErrorCode;
  /** The status that a response to `fetch` would have had. */
  status: number;
  requestId: string;
}
