import { exports } from "cloudflare:workers";
import { expect } from "vitest";

export const RELAY = "https://relay.example";
export const ADMIN_KEY = "admin-key-of-the-tests-0123456789abcdef";

export interface CallOptions {
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends one request to the relay's public side, with the admin key unless another key, or none, is given. */
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

/** Returns the JSON of an answer, which must have this status. */
export async function json<T = Record<string, unknown>>(
  response: Promise<Response>,
  status = 200,
): Promise<T> {
  const answer = await response;
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  return JSON.parse(text) as T;
}

/** Checks status and fields of a refusal, and returns its body. */
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

/** Opens a connector's WebSocket, if the relay accepts it. */
export function connect(headers: Record<string, string>, query = ""): Promise<Response> {
  return exports.default.fetch(
    new Request(`${RELAY}/v1/connect${query}`, {
      headers: { upgrade: "websocket", "sec-websocket-protocol": "culvert.v1", ...headers },
    }),
  );
}

/** Makes a tunnel whose object exists, because a connector has dialled and left. */
export async function bornTunnel(name = "a tunnel"): Promise<CreatedTunnel> {
  const tunnel = await createTunnel(name);
  const { webSocket } = await connect({ authorization: `Bearer ${tunnel.token}` });
  webSocket?.accept();
  webSocket?.close(1000, "");
  return tunnel;
}
