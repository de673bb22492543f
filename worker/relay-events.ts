import type { RequestEvent } from "../shared/events/request-event.ts";
import { TCP_METHOD, TCP_PATH } from "../shared/protocol/index.ts";
import { type Env, telemetryStub } from "./env.ts";
import type { TcpFailure } from "./failures/tcp-failure.ts";
import { isWebSocket, rawPath, withoutQuery } from "./exchange/index.ts";
import {
  type EventBatch,
  RELAY_TELEMETRY,
  type Arrival,
  newRecordState,
  RequestRecord,
  traceIdOf,
} from "./events/index.ts";
import { logSettings, redact } from "./log-settings.ts";

const GATHER_MS = 2_000;
/** A limit, so that a flood of refused requests fills neither this memory nor the Telemetry object's. */
const MAX_HELD_EVENTS = 500;
const MAX_HELD_BYTES = 256 * 1024;
const RETRY_MS = [500, 2_000];

/** What the Worker knows about a request's caller and target. */
export interface KnownFacts {
  arrivedAtMs: number;
  /** The URL as a binding would have got it, if the request's own is another one. */
  url?: string | undefined;
  tunnel?: string;
  project?: string;
  environment?: string;
}

/** How long a request's invocation may go on after its answer: `ctx.waitUntil`. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** After so long the platform has ended the invocation, and with it its window. */
const MAX_WINDOW_MS = 30_000;

interface Gathering {
  openedAtMs: number;
  lines: string[];
  bytes: number;
  lost: number;
}

/** This isolate's unsent events, by the Telemetry object that they are for. */
const gathering = new Map<string, Gathering>();
let sequence = 0;
let sender = "";
/** Lost events, to report with the next batch, whichever object it goes to. */
let lostBefore = 0;

/** Logs a request that never reached its tunnel's object, or got no answer there: `response` is the Worker's own. */
export function logOwnAnswer(
  request: Request,
  response: Response,
  facts: KnownFacts,
  env: Env,
  waitUntil: WaitUntil,
): void {
  const url = facts.url ?? request.url;
  const path = rawPath(url);
  const arrival = {
    requestId: response.headers.get("culvert-request-id") ?? crypto.randomUUID(),
    traceId: traceIdOf(request.headers.get("traceparent")),
    service: new URL(url).host,
    kind: isWebSocket(request) ? ("websocket" as const) : ("http" as const),
    method: request.method,
    path: logSettings(env).keepQuery ? path : withoutQuery(path),
  };
  const code = response.headers.get("culvert-error") ?? "";
  const detail = response.headers.get("culvert-error-detail") ?? "";
  logRefusal(arrival, { code, status: response.status, detail }, facts, env, waitUntil);
}

/** The same of a TCP connection. */
export function logOwnFailure(
  address: string,
  failure: TcpFailure,
  facts: KnownFacts,
  env: Env,
  waitUntil: WaitUntil,
): void {
  const { requestId } = failure;
  const arrival = { requestId, traceId: "", service: address, kind: "tcp" as const };
  logRefusal({ ...arrival, method: TCP_METHOD, path: TCP_PATH }, failure, facts, env, waitUntil);
}

function logRefusal(
  arrival: Pick<Arrival, "requestId" | "traceId" | "service" | "kind" | "method" | "path">,
  { code, status, detail }: { code: string; status: number; detail: string },
  facts: KnownFacts,
  env: Env,
  waitUntil: WaitUntil,
): void {
  const settings = logSettings(env);
  const write = (event: RequestEvent): void => {
    const line = JSON.stringify(redact(event, settings));
    if (settings.console) console.log(line);
    // Made-up names must not create objects. Only an object that existed can have been reset.
    gather((code === "RELAY_RESTART" && facts.tunnel) || RELAY_TELEMETRY, line, env, waitUntil);
  };
  const state = newRecordState({
    ...arrival,
    tunnel: facts.tunnel ?? "",
    project: facts.project ?? "",
    environment: facts.environment ?? "",
    arrivedAtMs: facts.arrivedAtMs,
  });
  new RequestRecord(state, () => Date.now(), write).refused(code, status, detail);
}

/** The first event opens a window. Events that follow within it are sent with it, in its invocation. */
function gather(name: string, line: string, env: Env, waitUntil: WaitUntil): void {
  let open = gathering.get(name);
  if (open === undefined || Date.now() - open.openedAtMs > MAX_WINDOW_MS) {
    const stale = open?.lines.length ?? 0;
    open = { openedAtMs: Date.now(), lines: [], bytes: 0, lost: (open?.lost ?? 0) + stale };
    gathering.set(name, open);
    waitUntil(flushLater(name, env));
  }
  if (open.lines.length >= MAX_HELD_EVENTS || open.bytes + line.length > MAX_HELD_BYTES) {
    open.lost++;
    return;
  }
  open.lines.push(line);
  open.bytes += line.length;
}

async function flushLater(name: string, env: Env): Promise<void> {
  await pause(GATHER_MS);
  const gathered = gathering.get(name);
  if (gathered === undefined) return;
  gathering.delete(name);
  // Random values are not available before the first request.
  sender ||= crypto.randomUUID();
  const batch: EventBatch = {
    sender,
    sequence: ++sequence,
    lines: gathered.lines.join("\n"),
    count: gathered.lines.length,
    lost: gathered.lost + lostBefore,
    destinationsRevision: null,
    connectors: null,
  };
  lostBefore = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await telemetryStub(env, name).take(batch);
    } catch (thrown) {
      const retryMs = RETRY_MS[attempt];
      if (retryMs === undefined) {
        lostBefore += batch.count + batch.lost;
        console.error({ event: "telemetry_failed", lost: lostBefore, error: String(thrown) });
        return;
      }
      await pause(retryMs);
    }
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
