import type { Agent } from "node:http";
import type { Problem } from "../shared/problems.ts";
import { askRelay, type Told } from "./relay/ask-relay.ts";
import { CommandError, type Failure } from "./exit-code.ts";
import type { TailTarget } from "./tail-socket.ts";
import { agentFor, reasonOf } from "./relay/way-to-relay.ts";

const TIMEOUT_MS = 30_000;
const PAGE_SIZE = 100;

/** The parts of a request besides its method and path. */
interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
  /** The message for a 404, which depends on what was asked for. */
  missing?: string;
}

interface Answer<T> {
  body: T;
  headers: Headers;
}

/** The API refused the request. `code` is the stable name of the reason. */
export class RefusedError extends CommandError {
  readonly code: string;

  constructor(failure: Failure, code: string, message: string) {
    super(failure, message);
    this.code = code;
  }
}

/** A client of the relay's admin API. Every method throws CommandError. */
export class AdminClient {
  readonly relay: string;
  readonly #key: string;
  readonly #agent: Agent;

  constructor(relay: string, key: string, env: Readonly<Record<string, string | undefined>> = process.env) {
    // Checked here because Node's own error about an invalid header value would print the key.
    if (!isKey(key)) {
      throw new CommandError(
        "usage",
        "The API key is empty, or contains a space, a line end or another character that keys do not have.",
      );
    }
    this.relay = relay;
    this.#key = key;
    this.#agent = agentFor(relay, env);
  }

  /** The key's id, which is no secret; null for the relay's ADMIN_KEY, which has no id. */
  get kid(): string | null {
    const id = /^culvert_api_([a-z2-7]{12})_/.exec(this.#key)?.[1];
    return id === undefined ? null : `k_${id}`;
  }

  tailTarget(path: string, missing: string): TailTarget {
    return { relay: this.relay, key: this.#key, path, missing, agent: this.#agent };
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

  /** Entries of all pages, `limit` at most. */
  async list<T>(
    path: string,
    limit = Infinity,
    {
      query = new URLSearchParams(),
      missing,
      pageSize = PAGE_SIZE,
    }: { query?: URLSearchParams; missing?: string; pageSize?: number } = {},
  ): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ""; cursor !== null && items.length < limit;) {
      const asked = new URLSearchParams(query);
      asked.set("limit", String(Math.min(pageSize, limit - items.length)));
      if (cursor !== "") asked.set("cursor", cursor);
      const page: { items: T[]; nextCursor: string | null } = await this.get(
        `${path}?${asked.toString()}`,
        missing === undefined ? {} : { missing },
      );
      if (!Array.isArray(page.items)) throw this.#notARelay(200);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  async request<T>(method: string, path: string, sent: Sent = {}): Promise<Answer<T>> {
    const answer = await this.#send(method, path, sent);
    const { status, headers } = answer;
    const json = parsed(answer.text);
    if (status < 200 || status > 299) throw this.#refusal(answer, json, sent.missing);
    const isTold = status === 204 || (typeof json === "object" && json !== null);
    if (!isTold) throw this.#notARelay(status);
    return { body: json as T, headers };
  }

  async #send(method: string, path: string, { body, headers = {} }: Sent): Promise<Told> {
    try {
      return await askRelay(`${this.relay}/v1${path}`, {
        method,
        headers: {
          ...headers,
          authorization: `Bearer ${this.#key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        agent: this.#agent,
        timeoutMs: TIMEOUT_MS,
      });
    } catch (thrown) {
      const message = `The relay at ${this.relay} cannot be reached: ${reasonOf(thrown)}`;
      throw new CommandError("unreachable", message, { cause: thrown });
    }
  }

  #refusal({ status, headers }: Told, json: unknown, missing?: string): CommandError {
    const { code, title, detail, problems = [] } = (json ?? {}) as Partial<RelayProblem>;
    if (typeof code !== "string" || typeof title !== "string") return this.#notARelay(status);
    const lines = problems.map((problem) => `\n  ${problem.path || "(the whole)"}: ${problem.message}`);
    const wait = status === 429 ? ` Try again in ${headers.get("retry-after") ?? "some"} s.` : "";
    const said = `${title}.${detail === undefined ? "" : ` ${detail}`}${wait}${lines.join("")}`;
    return new RefusedError(failureOf(status, code), code, status === 404 && missing ? missing : said);
  }

  #notARelay(status: number): CommandError {
    return new CommandError("unreachable", `${this.relay} answered ${status}, but not as a Culvert relay.`);
  }
}

/** A problem in the form of RFC 9457, as the relay writes it. */
interface RelayProblem {
  code: string;
  title: string;
  detail?: string;
  problems?: readonly Problem[];
}

function failureOf(status: number, code: string): Failure {
  if (code === "INVALID_REQUEST") return "usage";
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

/** True for text that can be a header field's value as it is. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
