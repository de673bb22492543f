import type { ErrorCode } from "./error-code.ts";

/** How far a failure reaches: one stream, or the connection with all of its streams. */
export type ErrorScope = "stream" | "connection";

export interface TunnelErrorOptions {
  scope?: ErrorScope;
  /** Nothing of the request was written upstream: it may be sent to another connector, whatever its method. */
  notProcessed?: boolean;
  cause?: unknown;
}

/** The one error of this project. `code` is for programs, `message` for people; neither ever holds a secret. */
export class TunnelError extends Error {
  override readonly name = "TunnelError";
  readonly code: ErrorCode;
  readonly scope: ErrorScope;
  readonly notProcessed: boolean;

  constructor(code: ErrorCode, message: string, options: TunnelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.scope = options.scope ?? "stream";
    this.notProcessed = options.notProcessed ?? false;
  }

  /** The edge: whatever was thrown, as one of ours. */
  static from(thrown: unknown): TunnelError {
    if (thrown instanceof TunnelError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new TunnelError("INTERNAL", message, { cause: thrown });
  }
}

/** A violation that ends the connection. */
export function connectionError(code: ErrorCode, message: string): TunnelError {
  return new TunnelError(code, message, { scope: "connection" });
}
