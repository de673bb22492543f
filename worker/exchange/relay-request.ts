/*
 * One request, from the policy to its answer: attempts on connections until one answers. The tunnel's object calls it.
 *
 * It never throws. A request is sent again only while it surely was not processed, or once if doing it twice does no harm. Each
 * request ends with exactly one event, whatever happens to it.
 *
 * docs/protocol.md#streams; decisions 0013, 0016 and 0033.
 */
import { contentLengthOf } from "../../shared/http/index.ts";
import { type OpenHead, type ResponseHead, publicError, TunnelError } from "../../shared/protocol/index.ts";
import { type Endpoint, parseAuthority, parseEndpoint } from "../../shared/services/index.ts";
import { type EventLog, newRecordState, RequestRecord, traceIdOf, traceIdOfHead } from "../events/index.ts";
import { type AccessPolicy, type Allowed, decide } from "../tunnel/configuration/access-policy.ts";
import type { GatewayClaim } from "../tunnel/configuration/claim.ts";
import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import type { Captures } from "../capture/index.ts";
import { Admittance } from "./admittance.ts";
import { Exchange } from "./exchange.ts";
import type { GatewayWatch } from "./gateway-watch.ts";
import { type CallerFacts, callerFacts } from "./fields/forwarded.ts";
import type { PublicLocation } from "./fields/public-location.ts";
import { cameBack } from "./loop.ts";
import { Moves } from "./moves.ts";
import type { Grounds, OpenExchanges } from "./open-exchanges.ts";
import { problemResponse, publicCodeOf } from "../failures/problem.ts";
import { type GatewaySockets, relayWebSocket } from "./websocket/relay-websocket.ts";
import { RequestBody } from "./request-body.ts";
import { isWebSocket, rawPath, requestHead, withoutQuery } from "./request-head.ts";
import { responseOf } from "./response-body.ts";
import type { Connection, TunnelConnections } from "../tunnel/connections/tunnel-connections.ts";

export interface RelayDeps {
  tunnel: TunnelConnections;
  sockets: GatewaySockets;
  gateways: GatewayWatch;
  log: EventLog;
  nowMs: () => number;
  /** From the relay's variable EDGE. */
  isBehindEdge: boolean;
  /** Its exchange is checked again when the rules change. */
  exchanges: OpenExchanges;
  captures: Captures;
}

/** Carries one request of a gateway. Never throws: every failure is an answer. */
export async function relayRequest(
  deps: RelayDeps,
  { tunnelId, relayName, captures }: Pick<TunnelConfig, "tunnelId" | "relayName" | "captures">,
  policy: AccessPolicy,
  request: Request,
  claim: GatewayClaim,
  arrivedAtMs: number,
): Promise<Response> {
  const requestId = crypto.randomUUID();
  const url = new URL(request.url);
  const path = claim.path ?? rawPath(request.url);
  const grounds: Grounds = {
    project: claim.project,
    environment: claim.environment,
    kid: claim.kid ?? null,
    origin: url.origin,
    path,
  };
  const admittance = new Admittance();
  const leave = deps.exchanges.add({ grounds, end: (refusal) => admittance.withdraw(refusal) });
  const record = new RequestRecord(
    newRecordState({
      requestId,
      traceId: traceIdOf(request.headers.get("traceparent")),
      tunnel: tunnelId,
      project: claim.project,
      environment: claim.environment,
      service: url.host,
      kind: isWebSocket(request) ? "websocket" : "http",
      method: request.method,
      path: deps.log.settings.keepQuery ? path : withoutQuery(path),
      arrivedAtMs,
    }),
    deps.nowMs,
    (event) => {
      leave();
      deps.log.write(event);
    },
  );
  try {
    const decision = decide(policy, claim, url, path);
    if (!decision.allow) throw publicError(decision.code, decision.message);
    record.state.service = decision.service;
    refuseLoop(request, relayName);
    const publicUrl = claim.publicUrl === undefined ? null : parseEndpoint(claim.publicUrl);
    const host = hostOf(decision, publicUrl);
    const endpoint = { origin: decision.target, pathPrefix: decision.pathPrefix };
    const addresses = { endpoint, host, publicUrl, origin: url.origin };
    const refusal = (other: string): string | null => {
      const verdict = decide(policy, claim, url, other);
      return verdict.allow ? null : verdict.message;
    };
    const open = requestHead({
      ...{ request, claim, allowed: decision, requestId, host },
      resources: { ...addresses, hasPathRule: decision.hasPathRule, refusal },
      facts: factsOf(deps, request, claim, publicUrl),
      relayName: relayName ?? null,
    });
    const location = publicUrl && { endpoint, host, publicUrl };
    record.state.traceId = traceIdOfHead(open);
    record.tap = deps.captures.tap(captures, open, arrivedAtMs);
    const body = requestBody(request, open, decision, record, deps.tunnel);
    try {
      const shownId = decision.requestId ? requestId : null;
      return await carry(deps, request, open, decision, body, {
        ...{ record, grounds, admittance, location, shownId },
      });
    } catch (thrown) {
      body.cancel();
      throw thrown;
    }
  } catch (thrown) {
    request.body?.cancel().catch(() => {});
    const error = TunnelError.from(thrown);
    const response = problemResponse(error, request.method, requestId);
    if (request.signal.aborted) record.cancelled();
    else record.refused(publicCodeOf(error), response.status, error.message);
    return response;
  }
}

/** The values for Forwarded and similar fields. Null: the gateway sets them itself. */
function factsOf(
  { isBehindEdge }: RelayDeps,
  { headers }: Request,
  { keepForwarded, scheme }: GatewayClaim,
  publicUrl: Endpoint | null,
): CallerFacts | null {
  return keepForwarded ? null : callerFacts({ headers, isBehindEdge, scheme, publicUrl });
}

/** The Host for the upstream; null: the endpoint's own. */
function hostOf({ hostHeader }: Allowed, publicUrl: Endpoint | null): string | null {
  if (hostHeader === undefined || hostHeader === "endpoint") return null;
  if (hostHeader !== "public") return parseAuthority(hostHeader);
  return publicUrl === null ? null : new URL(publicUrl.origin).host;
}

/** A service whose endpoint leads back to its own gateway would loop until every stream is in use. */
function refuseLoop({ headers }: Request, relayName: string | undefined): void {
  if (relayName === undefined || !cameBack(headers, relayName)) return;
  throw publicError(
    "LOOP_DETECTED",
    "The request has passed this relay before: does the service's endpoint lead back to its gateway?",
  );
}

/** State of one request from its arrival to its end. */
interface Call {
  record: RequestRecord;
  grounds: Grounds;
  admittance: Admittance;
  /** How to rewrite Location; null: not at all. */
  location: PublicLocation | null;
  /** The request's id, if its answer should contain it. */
  shownId: string | null;
}

interface Attempt {
  exchange: Exchange;
  connection: Connection;
}

async function carry(
  deps: RelayDeps,
  request: Request,
  open: OpenHead,
  allowed: Allowed,
  body: RequestBody,
  call: Call,
): Promise<Response> {
  const headed = deps.tunnel.retries.requestBegan();
  try {
    return await attemptUntilHeaded(deps, request, open, allowed, body, call);
  } finally {
    headed();
  }
}

async function attemptUntilHeaded(
  { tunnel, sockets, gateways, nowMs }: RelayDeps,
  request: Request,
  open: OpenHead,
  allowed: Allowed,
  body: RequestBody,
  call: Call,
): Promise<Response> {
  const { record, admittance } = call;
  const moves = new Moves({ method: open.method, retry: allowed.retry, budget: tunnel.retries, nowMs });
  const tried = new Set<Connection>();
  for (let failure: TunnelError | null = null; ;) {
    const waited = await tunnel.waitForConnector(open, allowed.connectorWaitMs);
    const beginAttempt = (waitedForRoom: boolean): Attempt => {
      if ((waited || waitedForRoom || failure !== null) && request.signal.aborted)
        throw new TunnelError("CANCEL", "The gateway gave up.");
      admittance.check();
      // The failed attempt may have read more of the body than is kept for sending it again.
      if (failure !== null && !body.isReplayable) throw failure;
      return begin({ tunnel, nowMs }, open, body, tried, failure, record);
    };
    const attempt = await tunnel.whenRoom(open, beginAttempt, (left) => gateways.watch(request, left));
    admittance.covers(attempt.exchange);
    const gaveUp = (): void => attempt.exchange.gaveUp();
    const endWatch = gateways.watch(request, gaveUp);
    try {
      const head = await attempt.exchange.head;
      endWatch();
      admittance.check();
      body.commit();
      const { exchange, connection } = attempt;
      record.headed(head);
      // From here on the gateway's socket reports whether the gateway is still there.
      if (head.status === 101)
        return relayWebSocket(exchange.stream, head, connection.connectionId, sockets, record, call);
      const response = answer(exchange, head, request, call);
      if (!exchange.isDelivered) request.signal.addEventListener("abort", gaveUp);
      exchange.handedOver();
      return response;
    } catch (thrown) {
      failure = TunnelError.from(thrown);
      endWatch();
      excludeFailed(tried, attempt.connection, failure, tunnel);
      if (!body.isReplayable || !tunnel.hasOtherThan(tried) || !moves.take(failure)) throw failure;
    }
  }
}

function requestBody(
  request: Request,
  open: OpenHead,
  allowed: Allowed,
  record: RequestRecord,
  tunnel: TunnelConnections,
): RequestBody {
  const lengthBytes = contentLengthOf(open.fields);
  if (lengthBytes === "invalid") throw publicError("BAD_REQUEST", "Content-Length is not one number.");
  const maxBytes = allowed.maxBodyBytes ?? Infinity;
  if (lengthBytes !== null && lengthBytes > maxBytes) {
    throw publicError("BODY_TOO_LARGE", `The service accepts bodies of at most ${maxBytes} bytes.`);
  }
  return new RequestBody(request, lengthBytes, maxBytes, record, tunnel);
}

function begin(
  { tunnel, nowMs }: Pick<RelayDeps, "tunnel" | "nowMs">,
  open: OpenHead,
  body: RequestBody,
  tried: ReadonlySet<Connection>,
  failure: TunnelError | null,
  record: RequestRecord,
): Attempt {
  const exchange = new Exchange(record, nowMs);
  try {
    const end = body.isEmpty && open.kind === "http";
    const { stream, connection } = tunnel.open(open, end, exchange, tried);
    exchange.attach(stream);
    record.opened(connection.mux.hello ?? { connectorId: "" });
    if (!body.isEmpty) void body.feed(exchange);
    return { exchange, connection };
  } catch (thrown) {
    // If no other connector can take it, report the first failure: it says more than NO_CONNECTOR.
    throw failure ?? thrown;
  }
}

/** Excludes what failed from the next attempt. If its connector cannot reach the upstream, its other connections cannot either. */
export function excludeFailed(
  tried: Set<Connection>,
  connection: Connection,
  failure: TunnelError,
  { connections }: TunnelConnections,
): void {
  tried.add(connection);
  if (!failure.code.startsWith("UPSTREAM_")) return;
  const connectorId = connection.mux.hello?.connectorId;
  for (const other of connections) if (other.mux.hello?.connectorId === connectorId) tried.add(other);
}

function answer(exchange: Exchange, head: ResponseHead, request: Request, call: Call): Response {
  try {
    // A refused upgrade is an ordinary answer, and the request has no body to wait for.
    if (exchange.stream.open.kind === "websocket") exchange.stream.end();
    return responseOf(exchange, head, request.method, call);
  } catch (thrown) {
    const error = TunnelError.from(thrown);
    exchange.stream.reset(error.code, error.message);
    throw error.code === "INTERNAL" ? new TunnelError("UPSTREAM_PROTOCOL", error.message) : error;
  }
}
