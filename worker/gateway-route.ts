/*
 * The entrance of gateways elsewhere: `/~/TUNNEL/SERVICE/path` with a gateway key. `app.ts` calls it.
 *
 * The Worker checks the key's form, and whether the Registry knows the key and the tunnel. The tunnel's object decides whether the key
 * is right, by its own copy of the configuration. All wrong keys get the same answer. Clients that guess keys are slowed down, and one
 * with the right key is not.
 *
 * docs/gateways.md; decisions 0007 and 0030.
 */
import { publicError, TunnelError } from "../shared/protocol/index.ts";
import { unauthenticated, ApiError, apiProblemResponse } from "./api/index.ts";
import { credentialPresence, forget, tunnelPresence } from "./subject-check.ts";
import {
  accessKeyProof,
  type KeyProof,
  type Subject,
  withoutAccess,
  withoutSession,
  isTunnelId,
} from "./auth/index.ts";
import { ASSERTION_FIELD } from "./auth/cloudflare-access/access-holder.ts";
import { type Env, registryStub } from "./env.ts";
import { type Relayed, relayToTunnel } from "./objects/relay-to-tunnel.ts";
import { logOwnAnswer, type WaitUntil } from "./relay-events.ts";
import { KEY_REFUSED } from "./tunnel/configuration/claim.ts";
import { problemResponse } from "./failures/problem.ts";
import { isTcpSocket } from "./exchange/tcp/tcp-socket.ts";
import { rawPath } from "./exchange/index.ts";
import { withTimeout } from "./with-timeout.ts";

const KEY_HEADER = "culvert-gateway-key";
/** A client may write "~" either way (RFC 3986 §2.3). */
const ROUTE = /^\/(?:~|%7e)\/([^/?]+)\/([^/?]+)(.*)$/is;
const LIMITED_LOG_MS = 1_000;
/** Time limit for the Registry, which answers in milliseconds. */
const REGISTRY_TIMEOUT_MS = 10_000;
const AUTHORITY = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

/** Where a gateway outside the account wants to go. */
export interface GatewayTarget {
  tunnelId: string;
  /** What a bound gateway would have asked for: `http://SERVICE/path?query`, path and query byte for byte. */
  url: string;
}

/**
 * `/~/TUNNEL_ID/SERVICE/path?query` with a gateway key: the binding's `fetch` for gateways outside this account.
 * The tunnel's object says whether the key is valid and whom it identifies. Never throws.
 */
export async function gatewayRoute(
  request: Request,
  env: Env,
  nowMs: number,
  waitUntil: WaitUntil,
): Promise<Response> {
  const { response, isOwn } = await answered(request, env, nowMs);
  if (isOwn && !isOneOfTooMany(response, nowMs)) {
    const code = response.headers.get("culvert-error");
    // Until a valid key is shown, the path is a stranger's text: it must not appear as a tunnel's name in log services.
    const target = code === "RELAY_RESTART" ? parseGatewayRoute(rawPath(request.url)) : null;
    const facts = target === null ? {} : { tunnel: target.tunnelId, url: target.url };
    logOwnAnswer(request, response, { arrivedAtMs: nowMs, ...facts }, env, waitUntil);
  }
  return response;
}

let limitedLoggedAtMs = -Infinity;

/** Refusals of clients that fail too often are logged once a second: a guesser must not flood log services. */
function isOneOfTooMany(response: Response, nowMs: number): boolean {
  if (response.headers.get("culvert-error") !== "RATE_LIMITED") return false;
  if (nowMs - limitedLoggedAtMs < LIMITED_LOG_MS) return true;
  limitedLoggedAtMs = nowMs;
  return false;
}

async function answered(request: Request, env: Env, nowMs: number): Promise<Relayed> {
  try {
    return await relay(request, env, nowMs);
  } catch (thrown) {
    request.body?.cancel().catch(() => {});
    const response =
      thrown instanceof TunnelError
        ? problemResponse(thrown, request.method, crypto.randomUUID())
        : refusal(thrown);
    return { response, isOwn: true };
  }
}

async function relay(request: Request, env: Env, nowMs: number): Promise<Relayed> {
  const proof = await accessKeyProof("gateway", request.headers.get(KEY_HEADER) ?? "");
  if (proof === null) throw keyRefused(request, null, nowMs);
  const subject: Subject = { kind: "gateway-key", id: proof.kid };
  const target = parseGatewayRoute(rawPath(request.url));
  const tunnelId = target !== null && isTunnelId(target.tunnelId) ? target.tunnelId : null;
  const [key, tunnel] = await Promise.all([
    credentialPresence(env, subject, proof.digestHex, request),
    tunnelId === null ? "absent" : tunnelPresence(env, tunnelId, request),
  ]);
  if (key === "absent") throw keyRefused(request, subject, nowMs);
  if (target === null) {
    throw publicError(
      "BAD_REQUEST",
      "The path must be /~/TUNNEL_ID/SERVICE/path, with a service or host:port.",
    );
  }
  const onward = onwardRequest(request, target.url, env);
  const relayed: Relayed =
    tunnelId !== null && tunnel !== "absent"
      ? await relayToTunnel(
          env,
          tunnelId,
          {
            ...{ kind: "gateway-key", ...proof, ...pathOf(target.url), scheme: schemeOf(request) },
            ...(isTcpSocket(request) ? { tcp: authorityOf(target.url) } : {}),
          },
          onward,
        )
      : { response: problemResponse(unknownTunnel(), request.method, crypto.randomUUID()), isOwn: true };
  const error = relayed.response.headers.get("culvert-error");
  // Only a caller with a valid key may learn which tunnels exist, so an unknown tunnel gets the same answer as a wrong key.
  if (error === KEY_REFUSED || (error === "UNKNOWN_TUNNEL" && !(await isGatewayKey(env, proof)))) {
    await relayed.response.body?.cancel();
    forget(subject);
    throw keyRefused(request, subject, nowMs);
  }
  return relayed;
}

/** Removes the fields that are only for the relay. */
function onwardRequest(request: Request, url: string, env: Env): Request {
  const onward = new Request(url, request);
  onward.headers.delete(KEY_HEADER);
  const isAccessOurs = (env.ACCESS_TEAM_DOMAIN ?? "") !== "";
  // The dashboard's cookie, if an operator's browser calls `/~/`: an upstream that got it could use the admin API.
  if (isAccessOurs) onward.headers.delete(ASSERTION_FIELD);
  const cookies = request.headers.get("cookie");
  const own = cookies === null ? null : withoutSession(cookies);
  const others = isAccessOurs ? withoutAccess(own) : own;
  if (others === null) onward.headers.delete("cookie");
  else if (others !== cookies) onward.headers.set("cookie", others);
  return onward;
}

function schemeOf({ url }: Request): string {
  return new URL(url).protocol.slice(0, -1);
}

/** As it was asked for: a URL would leave out port 80. */
function authorityOf(url: string): string {
  return url.slice("http://".length).split("/", 1)[0] ?? "";
}

/** Path and query byte for byte, where the runtime would resolve or encode something in the URL. */
function pathOf(url: string): { path?: string } {
  const path = rawPath(url);
  const { pathname, search } = new URL(url);
  return pathname + search === path ? {} : { path };
}

/** Null unless the path names one tunnel and one service or host, spelt in the only way that `URL` reads it. */
export function parseGatewayRoute(path: string): GatewayTarget | null {
  const [, tunnelId, segment, rest] = ROUTE.exec(path) ?? [];
  if (tunnelId === undefined || segment === undefined || rest === undefined) return null;
  const authority = decoded(segment)?.toLowerCase() ?? "";
  const host = AUTHORITY.test(authority) ? URL.parse(`http://${authority}`)?.host : undefined;
  if (host === undefined || (host !== authority && `${host}:80` !== authority)) return null;
  return { tunnelId, url: `http://${authority}${rest.startsWith("/") ? "" : "/"}${rest}` };
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

async function isGatewayKey(env: Env, proof: KeyProof): Promise<boolean> {
  const asked = registryStub(env).isGatewayKey(proof);
  const isKey = await withTimeout(asked, REGISTRY_TIMEOUT_MS, null).catch(() => null);
  if (isKey === null) throw publicError("OVERLOADED", "The tunnel's configuration is unavailable now.");
  return isKey;
}

function keyRefused(request: Request, subject: Subject | null, nowMs: number): ApiError {
  return unauthenticated(request, nowMs, { subject, scheme: KEY_HEADER });
}

function unknownTunnel(): TunnelError {
  return publicError("UNKNOWN_TUNNEL", "There is no tunnel with this id.");
}

/** `culvert-error` tells a gateway that this is no answer of its API. */
function refusal(thrown: unknown): Response {
  const response = apiProblemResponse(thrown);
  response.headers.set("culvert-error", thrown instanceof ApiError ? thrown.code : "INTERNAL");
  response.headers.set("culvert-request-id", crypto.randomUUID());
  response.headers.set("proxy-status", "culvert; error=http_request_denied");
  return response;
}
