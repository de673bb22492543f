import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { Hello } from "../../shared/protocol/handshake.ts";
import type { TunnelBindingProps } from "../../shared/services/binding-props.ts";
import { HandPeer } from "../support/peers/hand-peer.ts";
import { call, connect, createTunnel, type CreatedTunnel, json } from "./admin-client.ts";

export const GATEWAY = { project: "my-project", environment: "production" };

const RULES = {
  connectorWaitMs: 0,
  configurations: [{ project: GATEWAY.project, accessibleBy: GATEWAY.environment }],
};
export const SERVICES = {
  version: 1,
  services: [
    { name: "api", endpoint: "http://payments.internal:8080", ...RULES },
    { name: "retry-api", endpoint: "http://payments.internal:8080", retry: true, ...RULES },
    { name: "once-api", endpoint: "http://payments.internal:8080", retry: false, ...RULES },
    { name: "endpoint-api", endpoint: "http://payments.internal:8080", ...RULES, hostHeader: "endpoint" },
    { name: "public-api", endpoint: "http://payments.internal:8080", ...RULES, hostHeader: "public" },
    {
      name: "named-api",
      endpoint: "http://payments.internal:8080",
      ...RULES,
      hostHeader: "Named.example:81",
    },
    { name: "prefixed-api", endpoint: "http://payments.internal:8080/v1", ...RULES, stallTimeoutMs: 120_000 },
    {
      name: "ruled-api",
      endpoint: "http://payments.internal:8080",
      ...RULES,
      configurations: [{ project: GATEWAY.project, accessibleBy: GATEWAY.environment, paths: ["/public"] }],
    },
    { name: "patient-api", endpoint: "http://payments.internal:8080", ...RULES, connectorWaitMs: 5000 },
  ],
};

/** A tunnel with services and without connectors. */
export async function readyTunnel(): Promise<CreatedTunnel> {
  const tunnel = await createTunnel();
  await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: SERVICES }));
  return tunnel;
}

/** A connector's open socket that has not sent HELLO. */
async function attach(headers: Record<string, string>, object?: string): Promise<HandPeer> {
  const query = object === undefined ? "" : `?object=${object}`;
  const { webSocket: socket, status } = await connect(headers, query);
  expect(status).toBe(101);
  if (socket === null) throw new Error("a 101 without a WebSocket");
  const peer = new HandPeer(socket);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    peer.received(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    peer.closed = { code, reason };
    socket.close(code === 1005 || code === 1006 ? 1000 : code, reason);
  });
  socket.accept();
  return peer;
}

/** A connector that the relay has welcomed, at this object of the tunnel. */
export async function attached(
  tunnel: CreatedTunnel,
  hello: Partial<Hello> = {},
  object?: string,
): Promise<HandPeer> {
  return attachedWith({ authorization: `Bearer ${tunnel.token}` }, hello, object);
}

/** The same, with these credentials. */
export async function attachedWith(
  headers: Record<string, string>,
  hello: Partial<Hello> = {},
  object?: string,
): Promise<HandPeer> {
  const peer = await attach(headers, object);
  await peer.greet(hello);
  return peer;
}

/** A gateway's binding with these props. */
export function binding(props: Partial<TunnelBindingProps> | Record<string, unknown>): Fetcher {
  return exports.TunnelBinding({ props });
}

/** Sends one request of the gateway that may call the tunnel's services. */
export function request(tunnel: CreatedTunnel, path = "/", init: RequestInit = {}): Promise<Response> {
  return binding({ tunnel: tunnel.id, ...GATEWAY }).fetch(`http://api${path}`, init);
}

/** Expects that this connector answers the request, which shows that the tunnel works. */
export async function expectAnsweredBy(peer: HandPeer, response: Promise<Response>): Promise<void> {
  peer.answer((await peer.takeOpen()).id, "fine");
  const answer = await response;
  expect([answer.status, await answer.text()]).toEqual([200, "fine"]);
}

/** The relay's own refusal: its status and `culvert-error`. */
export async function refusalOf(response: Promise<Response>): Promise<[status: number, code: string | null]> {
  const answer = await response;
  await answer.text();
  return [answer.status, answer.headers.get("culvert-error")];
}
