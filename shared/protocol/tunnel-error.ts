import type { ErrorCode } from "./error-code.ts";

/** How far a failure reaches: one stream, or the connection with all of its streams. */
export type ErrorScope = "stream" | "connection";

export interface TunnelErrorOptions {
  scope?: ErrorScope;
  /** Nothing of the request was written upstream: it may be sent to another connector, whatever its method. */
  notProcessed?: boolean;
  /** Gateways are told the message; else they are told what the code means. Never so for what a peer said. */
  isPublic?: boolean;
  cause?: unknown;
}

/** The one error of this project. `code` is for programs, `message` for people; neither ever holds a secret. */
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

  /** The edge: whatever was thrown, as one of ours. */
  static from(thrown: unknown): TunnelError {
    if (thrown instanceof TunnelError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new TunnelError("INTERNAL", message, { cause: thrown });
  }
}

/** In the relay's own words, which hold nothing but what the caller said itself, or may know. */
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
