import { REQUEST_EVENT_VERSION, type RequestEvent } from "../../shared/events/request-event.ts";

/** An event of no request: `culvert log-destination test` sends it to see whether one arrives. */
export function testEvent(nowMs: number): RequestEvent {
  return {
    event: "request",
    version: REQUEST_EVENT_VERSION,
    time: new Date(nowMs).toISOString(),
    requestId: `test-${crypto.randomUUID()}`,
    traceId: "",
    tunnel: "test",
    project: "test",
    environment: "test",
    service: "culvert-test",
    kind: "http",
    method: "GET",
    path: "/culvert/test-event",
    status: 200,
    outcome: "answered",
    code: null,
    connector: null,
    attempts: 0,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
    relayMs: 0,
    tunnelMs: 0,
    upstreamMs: 0,
    bodyMs: 0,
  };
}
