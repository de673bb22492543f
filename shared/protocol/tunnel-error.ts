import type { ErrorCode } from "./error-code.ts";

/** How far a failure reaches: one stream, or the connection with all of its streams. */
export type ErrorScope = "stream" | "connection";

export interface TunnelErrorOptions {
  scope?: ErrorScope;
  /** Nothing of the request was written upstream: it may be sent to another connector, whatever its method. */
  notProcessed?: boolean;
  /** Gateways get the message. Otherwise they only get what the code means. Never set for a message from a peer. */
  isPublic?: boolean;
  cause?: unknown;
}

/** The one error class of this project. `code` is for programs, `message` for people. Neither ever contains a secret. */
export class TunnelError extends Error {
  override readonly name = "TunnelError";
  readonly code: ErrorCode;
  readonly scope: ErrorScope;
  readonly notProcessed: boolean;
  readonly isPublic: boolean;

  constructor(code: ErrorCode, message: string, options: TunnelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.scope = options.scope ?? "stream";
    this.notProcessed = options.notProcessed ?? false;
    this.isPublic = options.isPublic ?? false;
  }

  /** Wraps anything that was thrown. */
  static from(thrown: unknown): TunnelError {
    if (thrown instanceof TunnelError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new TunnelError("INTERNAL", message, { cause: thrown });
  }
}

/** An error whose message gateways may see: it contains only what the caller has sent or may know. */
export function publicError(
  code: ErrorCode,
  message: string,
  options: Omit<TunnelErrorOptions, "isPublic"> = {},
): TunnelError {
  return new TunnelError(code, message, { ...options, isPublic: true });
}

/** A violation that ends the connection. */
export function connectionError(code: ErrorCode, message: string): TunnelError {
  return new TunnelError(code, message, { scope: "connection" });
}
