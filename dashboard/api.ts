import type { Problem } from "../shared/problems.ts";

const TIMEOUT_MS = 20_000;

/** A failed call of the admin API. `code` is the API's, or `UNREACHABLE` if the API did not answer. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly status: number;
  readonly code: string;
  readonly problems: readonly Problem[];

  constructor(status: number, code: string, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

export interface Answered<T> {
  body: T;
  etag: string | null;
}

export interface CallOptions {
  body?: unknown;
  ifMatch?: string;
  signal?: AbortSignal;
}

let onSignedOut = () => {};

/** Calls `listener` when the relay no longer accepts the session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Calls the admin API with the session's cookie. @throws {ApiFailure}, or an AbortError if `signal` is aborted */
export async function callApi<T>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answered<T>> {
  const response = await send(method, path, options);
  const text = await response.text();
  if (response.ok)
    return { body: (text === "" ? undefined : JSON.parse(text)) as T, etag: response.headers.get("etag") };
  const failure = failureOf(response.status, text);
  if (failure.code === "UNAUTHENTICATED" && path !== "/session") onSignedOut();
  throw failure;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await callApi<T>("GET", path, signal === undefined ? {} : { signal })).body;
}

async function send(method: string, path: string, { body, ifMatch, signal }: CallOptions): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(`/v1${path}`, {
      method,
      credentials: "same-origin",
      redirect: "error",
      headers: {
        "culvert-csrf": "1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw new ApiFailure(0, "UNREACHABLE", "The relay does not answer. Is this machine online?");
  }
}

function failureOf(status: number, text: string): ApiFailure {
  try {
    const problem = JSON.parse(text) as {
      code?: string;
      title?: string;
      detail?: string;
      problems?: Problem[];
    };
    const message = problem.detail ?? problem.title ?? `The relay answered ${status}`;
    return new ApiFailure(status, problem.code ?? "UNKNOWN", message, problem.problems);
  } catch {
    return new ApiFailure(status, "UNKNOWN", `The relay answered ${status}`);
  }
}

/** The failure as a text for people. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
