import {
  type OpenHead,
  TCP_METHOD,
  TCP_PATH,
  publicError,
  TunnelError,
} from "../../../shared/protocol/index.ts";
import { newRecordState, RequestRecord, traceIdOfHead } from "../../events/index.ts";
import { type AccessPolicy, type Allowed, decideTcp } from "../../tunnel/configuration/access-policy.ts";
import type { GatewayClaim } from "../../tunnel/configuration/claim.ts";
import type { TunnelConfig } from "../../tunnel/configuration/tunnel-config.ts";
import type { Connection } from "../../tunnel/connections/tunnel-connections.ts";
import { Admittance } from "../admittance.ts";
import { newTraceparent } from "../fields/request-fields.ts";
import { Moves } from "../moves.ts";
import type { Grounds } from "../open-exchanges.ts";
import { excludeFailed, type RelayDeps } from "../relay-request.ts";
import { TcpExchange } from "./tcp-exchange.ts";
import { failureFacts, type TcpFailure } from "../../failures/tcp-failure.ts";

export type OpenedTcp =
  | { ok: true; exchange: TcpExchange; requestId: string }
  | { ok: false; failure: TcpFailure };

/** Before its head a connection has carried nothing, so it may be tried again like a safe request. */
const LIKE = "GET";

/**
 * Opens one TCP connection for a gateway: decides, chooses a connector, and moves on to another one as long as none has
 * connected. Never throws. From its end on the connection writes its own event; a failure has been written.
 */
export async function relayTcp(
  deps: RelayDeps,
  { tunnelId }: Pick<TunnelConfig, "tunnelId">,
  policy: AccessPolicy,
  address: string,
  claim: GatewayClaim,
  arrivedAtMs: number,
): Promise<OpenedTcp> {
  const requestId = crypto.randomUUID();
  const { project, environment, kid = null } = claim;
  const grounds: Grounds = { project, environment, kid, origin: `tcp://${address}`, path: null };
  const admittance = new Admittance();
  const leave = deps.exchanges.add({ grounds, end: (refusal) => admittance.withdraw(refusal) });
  const record = new RequestRecord(
    newRecordState({
      ...{ requestId, traceId: "", tunnel: tunnelId, project, environment, service: address },
      ...{ kind: "tcp", method: TCP_METHOD, path: TCP_PATH, arrivedAtMs },
    }),
    deps.nowMs,
    (event) => {
      leave();
      deps.log.write(event);
    },
  );
  try {
    const decision = decideTcp(policy, claim, address);
    if (!decision.allow) throw publicError(decision.code, decision.message);
    record.state.service = decision.service;
    const open = tcpHead(decision, claim, requestId);
    record.state.traceId = traceIdOfHead(open);
    const exchange = await connected(deps, open, decision, record, admittance);
    exchange.handedOver();
    return { ok: true, exchange, requestId };
  } catch (thrown) {
    const error = TunnelError.from(thrown);
    const failure = failureFacts(error, requestId);
    record.refused(failure.code, failure.status, error.message);
    return { ok: false, failure };
  }
}

function tcpHead(allowed: Allowed, { project, environment }: GatewayClaim, requestId: string): OpenHead {
  const open: OpenHead = {
    ...{ kind: "tcp", target: allowed.target, service: allowed.service },
    ...{ method: TCP_METHOD, path: TCP_PATH, project, environment, requestId },
    fields: [newTraceparent(requestId)],
  };
  if (allowed.connectTimeoutMs !== undefined) open.connectTimeoutMs = allowed.connectTimeoutMs;
  if (allowed.stallTimeoutMs !== undefined) open.stallTimeoutMs = allowed.stallTimeoutMs;
  if (allowed.idleTimeoutMs !== undefined) open.idleTimeoutMs = allowed.idleTimeoutMs;
  if (allowed.startTls !== undefined) open.startTls = allowed.startTls;
  if (allowed.maxConnections !== undefined) open.maxConnections = allowed.maxConnections;
  return open;
}

async function connected(
  { tunnel, nowMs }: RelayDeps,
  open: OpenHead,
  allowed: Allowed,
  record: RequestRecord,
  admittance: Admittance,
): Promise<TcpExchange> {
  const headed = tunnel.retries.requestBegan();
  const moves = new Moves({ method: LIKE, retry: allowed.retry, budget: tunnel.retries, nowMs });
  const tried = new Set<Connection>();
  try {
    for (let failure: TunnelError | null = null; ;) {
      await tunnel.waitForConnector(open, allowed.connectorWaitMs);
      const attempt = await tunnel.whenRoom(open, () => {
        admittance.check();
        return begin();
      });
      admittance.covers(attempt.exchange);
      try {
        record.headed(await attempt.exchange.head);
        admittance.check();
        return attempt.exchange;
      } catch (thrown) {
        failure = TunnelError.from(thrown);
        excludeFailed(tried, attempt.connection, failure, tunnel);
        if (!tunnel.hasOtherThan(tried) || !moves.take(failure)) throw failure;
      }

      function begin(): { exchange: TcpExchange; connection: Connection } {
        const exchange = new TcpExchange(record, tunnel.memory, nowMs);
        try {
          const { stream, connection } = tunnel.open(open, false, exchange, tried);
          exchange.attach(stream);
          record.opened(connection.mux.hello ?? { connectorId: "" });
          return { exchange, connection };
        } catch (thrown) {
          // If no other connector can take it, report the first failure: it says more than NO_CONNECTOR.
          throw failure ?? thrown;
        }
      }
    }
  } finally {
    headed();
  }
}
