import type { Problem } from "../shared/problems.ts";
import { CommandError, type Failure } from "./exit-code.ts";
import type { TailTarget } from "./tail-socket.ts";

const TIMEOUT_MS = 30_000;
const PAGE_SIZE = 100;

/** What a request says besides its path. */
interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
  /** What a 404 means here, for people. */
  missing?: string;
}

interface Answer<T> {
  body: T;
  headers: Headers;
}

/** The API refused; `code` is its stable name for why. */
export class RefusedError extends CommandError {
  readonly code: string;

  constructor(failure: Failure, code: string, message: string) {
    super(failure, message);
    this.code = code;
  }
}

/** The relay's admin API. Every method throws CommandError. */
export class AdminClient {
  readonly relay: string;
  readonly #key: string;

  constructor(relay: string, key: string) {
    this.relay = relay;
    this.#key = key;
  }

  tailTarget(path: string, missing: string): TailTarget {
    return { relay: this.relay, key: this.#key, path, missing };
  }

  async get<T>(path: string, sent: Sent = {}): Promise<T> {
    return (await this.request<T>("GET", path, sent)).body;
  }

  async post<T>(path: string, body: unknown, missing?: string): Promise<T> {
    return (await this.request<T>("POST", path, { body, ...(missing === undefined ? {} : { missing }) }))
      .body;
  }

  async delete(path: string, missing: string): Promise<void> {
    await this.request("DELETE", path, { missing });
  }

  /** All pages, or as many as give `limit` entries. */
  async list<T>(
    path: string,
    limit = Infinity,
    { query = new URLSearchParams(), missing }: { query?: URLSearchParams; missing?: string } = {},
  ): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ""; cursor !== null && items.length < limit;) {
      const asked = new URLSearchParams(query);
      asked.set("limit", String(Math.min(PAGE_SIZE, limit - items.length)));
      if (cursor !== "") asked.set("cursor", cursor);
      const page: { items: T[]; nextCursor: string | null } = await this.get(
        `${path}?${asked.toString()}`,
        missing === undefined ? {} : { missing },
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  async request<T>(method: string, path: string, sent: Sent = {}): Promise<Answer<T>> {
    const response = await this.#send(method, path, sent);
    const text = await response.text();
    const json = parsed(text);
    if (!response.ok) throw this.#refusal(response, json, sent.missing);
    if (json === undefined && response.status !== 204) throw this.#notARelay(response.status);
    return { body: json as T, headers: response.headers };
  }

  async #send(method: string, path: string, { body, headers = {} }: Sent): Promise<Response> {
    try {
      return await fetch(`${this.relay}/v1${path}`, {
        method,
        headers: {
          ...headers,
          authorization: `Bearer ${this.#key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The key is for this address alone.
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (thrown) {
      const message = `The relay at ${this.relay} cannot be reached: ${reasonOf(thrown)}`;
      throw new CommandError("unreachable", message, { cause: thrown });
    }
  }

  #refusal({ status, headers }: Response, json: unknown, missing?: string): CommandError {
    const { code, title, detail, problems = [] } = (json ?? {}) as Partial<RelayProblem>;
    if (typeof code !== "string" || typeof title !== "string") return this.#notARelay(status);
    const lines = problems.map((problem) => `\n  ${problem.path || "(the whole)"}: ${problem.message}`);
    const wait = status === 429 ? ` Try again in ${headers.get("retry-after") ?? "some"} s.` : "";
    const said = `${title}.${detail === undefined ? "" : ` ${detail}`}${wait}${lines.join("")}`;
    return new RefusedError(failureOf(status), code, status === 404 && missing ? missing : said);
  }

  #notARelay(status: number): CommandError {
    return new CommandError("unreachable", `${this.relay} answered ${status}, but not as a Culvert relay.`);
  }
}

/** RFC 9457, as the relay writes it. */
interface RelayProblem {
  code: string;
  title: string;
  detail?: string;
  problems?: readonly Problem[];
}

function failureOf(status: number): Failure {
  if (status === 401 || status === 403) return "notAuthorised";
  return status === 404 ? "notFound" : "failed";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` hides the reason in its causes. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown reason";
  if (thrown.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { cause } = thrown;
  if (!(cause instanceof Error)) return thrown.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code === undefined ? cause.message : code;
}
