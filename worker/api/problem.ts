import type { Problem } from "../../shared/problems.ts";

/** All refusals of the admin API: status, and a title for people. Codes are stable. */
export const PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: "The request is not valid" },
  UNAUTHENTICATED: { status: 401, title: "A valid key is required" },
  FORBIDDEN: { status: 403, title: "The key's role does not allow this" },
  ORIGIN_REFUSED: { status: 403, title: "Connectors are not browsers" },
  CROSS_SITE_REFUSED: { status: 403, title: "A browser session is only for the relay's own pages" },
  CAPTURE_OFF: { status: 403, title: "Captures are off on this relay" },
  NOT_FOUND: { status: 404, title: "There is nothing here" },
  METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  LIMIT_REACHED: { status: 409, title: "The limit is reached" },
  PRECONDITION_FAILED: { status: 412, title: "It has changed in the meantime" },
  BODY_TOO_LARGE: { status: 413, title: "The body is too large" },
  JURISDICTION_UNAVAILABLE: { status: 422, title: "The jurisdiction is not available here" },
  UPGRADE_REQUIRED: { status: 426, title: "A WebSocket with a known subprotocol is required" },
  TOO_MANY_WATCHERS: { status: 429, title: "Too many clients watch this tunnel" },
  RATE_LIMITED: { status: 429, title: "Too many failed attempts" },
  INTERNAL: { status: 500, title: "Something went wrong in the relay" },
  ACCESS_UNAVAILABLE: { status: 503, title: "Cloudflare Access could not be asked who this is; try again" },
  RELAY_UPDATING: { status: 503, title: "A part of the relay still runs an older version; try again later" },
  TUNNEL_UNAVAILABLE: { status: 503, title: "The tunnel could not be asked; try again" },
  NO_ANSWER: { status: 504, title: "A part of the relay did not answer. A change may have been made or not" },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ApiErrorOptions {
  detail?: string;
  problems?: readonly Problem[];
  headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere in the API; answered as problem+json (RFC 9457) by `problemResponse`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ProblemCode;
  readonly options: ApiErrorOptions;

  constructor(code: ProblemCode, options: ApiErrorOptions = {}) {
    super(options.detail ?? PROBLEMS[code].title);
    this.code = code;
    this.options = options;
  }
}

/** The answer for an error: everything about an `ApiError`, and nothing about others. */
export function apiProblemResponse(thrown: unknown): Response {
  const error = thrown instanceof ApiError ? thrown : new ApiError("INTERNAL");
  const { status, title } = PROBLEMS[error.code];
  const { detail, problems, headers } = error.options;
  return Response.json(
    { title, status, code: error.code, detail, problems },
    {
      status,
      headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
    },
  );
}
