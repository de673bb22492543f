/*
 * The facts of one request while it runs, and the one event when it is over. All parts of an exchange tell it what they know.
 *
 * Whatever happens, there is exactly one event: the first ending counts, later ones are ignored. Its state is plain data, since
 * it has to outlive the object's memory beside a sleeping WebSocket. It never contains fields or bodies.
 *
 * docs/observability.md#every-request-is-one-event; decision 0016.
 */
import { TRACEPARENT } from "../../shared/http/index.ts";
import type { Hello, OpenHead, ResponseHead, StreamKind, TunnelError } from "../../shared/protocol/index.ts";
import {
  type EndedBy,
  REQUEST_EVENT_VERSION,
  type RequestEvent,
  type RequestOutcome,
} from "../../shared/events/request-event.ts";
import { detailOf } from "./detail.ts";
import type { RequestTap } from "../capture/index.ts";
import { publicCodeOf } from "../failures/problem.ts";

/** The logged part of a path, so that an event stays small whatever is requested. */
const MAX_PATH_LENGTH = 2_048;
const MAX_NAME_LENGTH = 256;
const STATUS_CANCELLED = 499;
const REFUSALS: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "RATE_LIMITED",
  "UNKNOWN_TUNNEL",
  "UNKNOWN_SERVICE",
  "ACCESS_DENIED",
  "UPSTREAM_NOT_ALLOWED",
  "BAD_REQUEST",
  "BODY_TOO_LARGE",
  "URI_TOO_LONG",
  "FIELDS_TOO_LARGE",
  "LOOP_DETECTED",
]);

/** What is known of a request when it arrives. */
export interface Arrival {
  requestId: string;
  traceId: string;
  tunnel: string;
  project: string;
  environment: string;
  service: string;
  kind: StreamKind;
  method: string;
  path: string;
  arrivedAtMs: number;
}

/** Facts about an end that only some kinds have. */
type Ending = Pick<RequestEvent, "closeCode" | "endedBy">;

/** Plain data, because it outlives the object's memory in the attachment of a sleeping WebSocket. */
export interface RecordState extends Arrival {
  connector: string | null;
  connectorName?: string | undefined;
  attempts: number;
  openedAtMs: number | null;
  headAtMs: number | null;
  /** As the connector reported it. */
  upstreamMs: number;
  status: number;
  requestBytes: number;
  responseBytes: number;
}

/** Why a request failed. `message` adds details to the code. */
export type FailureFacts = Pick<TunnelError, "code" | "scope"> & Partial<Pick<TunnelError, "message">>;

/** Collects the facts of one request until it is over, and then reports them once. */
export class RequestRecord {
  readonly state: RecordState;
  /** Observes the request if it is captured. */
  tap: RequestTap | null = null;
  readonly #nowMs: () => number;
  readonly #write: (event: RequestEvent) => void;
  #over = false;

  constructor(state: RecordState, nowMs: () => number, write: (event: RequestEvent) => void) {
    this.state = state;
    this.#nowMs = nowMs;
    this.#write = write;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** An attempt begins on this connector. */
  opened({ connectorId, connectorName }: Pick<Hello, "connectorId" | "connectorName">): void {
    this.state.attempts++;
    this.state.connector = connectorId;
    this.state.connectorName = connectorName;
    this.state.openedAtMs = this.#nowMs();
  }

  headed(head: ResponseHead): void {
    const { status, upstreamMs = 0 } = head;
    this.state.headAtMs = this.#nowMs();
    this.state.status = status;
    this.state.upstreamMs = upstreamMs;
    this.tap?.headed(head);
  }

  /** The whole answer has been handed to the gateway. */
  answered(): void {
    this.#finish("answered", this.state.status, null);
  }

  /** The gateway gets the tunnel's own answer, with this `culvert-error`. */
  refused(code: string, status: number, detail: string): void {
    this.#finish(REFUSALS.has(code) ? "refused" : "failed", status, code, {}, detail);
  }

  /** The answer broke off after its head. */
  aborted(error: FailureFacts): void {
    this.#finish("aborted", this.state.status, publicCodeOf(error), {}, error.message);
  }

  cancelled(endedBy?: EndedBy): void {
    const status = this.state.headAtMs === null ? STATUS_CANCELLED : this.state.status;
    this.#finish("cancelled", status, null, endedBy === undefined ? {} : { endedBy });
  }

  /** Both ends have ended a TCP connection properly. */
  connectionEnded(endedBy: EndedBy): void {
    this.#finish("answered", this.state.status, null, { endedBy });
  }

  /** A TCP connection broke off. */
  connectionCut(error: FailureFacts, endedBy: EndedBy): void {
    this.#finish("aborted", this.state.status, publicCodeOf(error), { endedBy }, error.message);
  }

  /** A WebSocket is over. `error`: the reason, if neither end has closed it. */
  closed(closeCode: number, error: FailureFacts | null): void {
    if (error === null) return this.#finish("answered", this.state.status, null, { closeCode });
    const { message } = error;
    this.#finish("aborted", this.state.status, publicCodeOf(error), { closeCode }, message);
  }

  #finish(outcome: RequestOutcome, status: number, code: string | null, end: Ending = {}, detail = ""): void {
    if (this.#over) return;
    this.#over = true;
    this.tap?.end();
    const { state } = this;
    this.#write({
      event: "request",
      version: REQUEST_EVENT_VERSION,
      time: new Date(state.arrivedAtMs).toISOString(),
      requestId: state.requestId,
      traceId: state.traceId,
      tunnel: state.tunnel,
      project: state.project,
      environment: state.environment,
      service: state.service,
      kind: state.kind,
      method: state.method,
      path: state.path,
      status,
      outcome,
      code,
      ...(detail === "" ? {} : { detail: detailOf(detail) }),
      connector: state.connector,
      ...(state.connectorName === undefined ? {} : { connectorName: state.connectorName }),
      attempts: state.attempts,
      requestBytes: state.requestBytes,
      responseBytes: state.responseBytes,
      ...end,
      ...timings(state, code, this.#nowMs()),
    });
  }
}

export function newRecordState(arrival: Arrival): RecordState {
  return {
    ...arrival,
    tunnel: arrival.tunnel.slice(0, MAX_NAME_LENGTH),
    project: arrival.project.slice(0, MAX_NAME_LENGTH),
    environment: arrival.environment.slice(0, MAX_NAME_LENGTH),
    service: arrival.service.slice(0, MAX_NAME_LENGTH),
    method: arrival.method.slice(0, MAX_NAME_LENGTH),
    path: arrival.path.slice(0, MAX_PATH_LENGTH),
    connector: null,
    attempts: 0,
    openedAtMs: null,
    headAtMs: null,
    upstreamMs: 0,
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
}

/** W3C Trace Context §3.2.2; "" where there is none, or none that is valid. */
export function traceIdOf(traceparent: string | null): string {
  return TRACEPARENT.exec(traceparent ?? "")?.[1] ?? "";
}

/** The trace id of a head that is sent on, which always has one. */
export function traceIdOfHead({ fields }: OpenHead): string {
  return traceIdOf(fields.find(([name]) => name === "traceparent")?.[1] ?? null);
}

type Timings = Pick<RequestEvent, "durationMs" | "relayMs" | "tunnelMs" | "upstreamMs" | "bodyMs">;

/** Divides the time into its parts. The connector reports how long it waited for the upstream. */
function timings(state: RecordState, code: string | null, endMs: number): Timings {
  const openedAtMs = state.openedAtMs ?? endMs;
  const headAtMs = state.headAtMs ?? endMs;
  const waitMs = headAtMs - openedAtMs;
  const upstreamsFault = state.headAtMs === null && code !== null && code.startsWith("UPSTREAM_");
  const upstreamMs = upstreamsFault ? waitMs : Math.min(state.upstreamMs, waitMs);
  return {
    durationMs: endMs - state.arrivedAtMs,
    relayMs: openedAtMs - state.arrivedAtMs,
    tunnelMs: waitMs - upstreamMs,
    upstreamMs,
    bodyMs: endMs - headAtMs,
  };
}
