import { exports } from "cloudflare:workers";
import { expect } from "vitest";

export const RELAY = "https://relay.example";
export const ADMIN_KEY = "admin-key-of-the-tests-0123456789abcdef";

export interface CallOptions {
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request to the relay's public side; the admin key unless another, or none, is given. */
export function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { key = ADMIN_KEY, body, headers = {} } = options;
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return exports.default.fetch(
    new Request(`${RELAY}${path}`, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      body: text ?? null,
    }),
  );
}

/** The JSON of an answer that has to have this status. */
export async function json<T = Record<string, unknown>>(
  response: Promise<Response>,
  status = 200,
): Promise<T> {
  const answer = await response;
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  return JSON.parse(text) as T;
}

/** The body of a refusal, after its outside was checked. */
export async function problem(response: Promise<Response>) {
  const answer = await response;
  const body = await answer.json<{
    code: string;
    status: number;
    title: string;
    detail?: string;
    problems?: { path: string; message: string }[];
  }>();
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(body.status).toBe(answer.status);
  return { ...body, headers: answer.headers };
}

export interface CreatedTunnel {
  id: string;
  name: string;
  createdAt: string;
  kid: string;
  token: string;
}

export function createTunnel(name = "a tunnel"): Promise<CreatedTunnel> {
  return json<CreatedTunnel>(call("POST", "/v1/tunnels", { body: { name } }), 201);
}

/** Opens a connector's WebSocket as far as the relay lets it. */
export function connect(headers: Record<string, string>, query = ""): Promise<Response> {
  return exports.default.fetch(
    new Request(`${RELAY}/v1/connect${query}`, {
      headers: { upgrade: "websocket", "sec-websocket-protocol": "culvert.v1", ...headers },
    }),
  );
}

/** One whose object exists: a connector has dialled, and left. */
export async function bornTunnel(name = "a tunnel"): Promise<CreatedTunnel> {
  const tunnel = await createTunnel(name);
  const { webSocket } = await connect({ authorization: `Bearer ${tunnel.token}` });
  webSocket?.accept();
  webSocket?.close(1000, "");
  return tunnel;
}
