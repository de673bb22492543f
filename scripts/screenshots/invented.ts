import type { Connector, Traffic } from "../../dashboard/index.ts";
import { REQUEST_EVENT_VERSION, type RequestEvent } from "../../shared/events/request-event.ts";

const STEP_SECONDS = 10;
const STEPS = 360;

/** A pseudo-random number in [0, 1) that is the same in each run. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value);
}

export function inventedConnectors(nowMs: number): Connector[] {
  const health = { passing: 3, pending: 0, failing: [] };
  const one = (id: string, hours: number, openStreams: number, roundTripMs: number): Connector => ({
    id,
    name: id.slice(0, 10),
    version: "0.1.0",
    build: "4f1c9a02be77",
    host: id,
    platform: "linux-x64",
    addresses: [hours > 24 ? "203.0.113.17" : "203.0.113.42"],
    connectedAt: new Date(nowMs - hours * 3_600_000).toISOString(),
    connections: 1,
    openStreams,
    maxStreams: 512,
    roundTripMs,
    kid: "k_7vq7bjq4eooa",
    health,
  });
  return [one("payments-a-6f7c9d", 52, 31, 11), one("payments-b-6f7c9d", 7, 27, 14)];
}

/** An hour of a busy day with a short failure in it. */
export function inventedTraffic(nowMs: number): Traffic {
  const lastMs = nowMs - (nowMs % (STEP_SECONDS * 1000));
  const points = Array.from({ length: STEPS }, (_, index) => {
    const inTrouble = index > 248 && index < 262;
    const requests = Math.round(
      (310 + 90 * Math.sin(index / 55) + 60 * noise(index)) * (inTrouble ? 0.85 : 1),
    );
    const p50Ms = 24 + 6 * noise(index + 1000) + (inTrouble ? 15 : 0);
    return {
      at: new Date(lastMs - (STEPS - 1 - index) * STEP_SECONDS * 1000).toISOString(),
      requests,
      errors: Math.round(requests * (inTrouble ? 0.04 + 0.03 * noise(index) : 0.002 * noise(index + 7))),
      cancelled: 0,
      p50Ms,
      p90Ms: p50Ms * (2.1 + noise(index + 2000) * 0.3),
      p99Ms: p50Ms * (4.5 + noise(index + 3000) * 1.2) + (inTrouble ? 130 : 0),
      requestBytes: requests * 900,
      responseBytes: requests * 4200,
    };
  });
  const total = points.reduce((sum, { requests }) => sum + requests, 0);
  const share = (service: string, part: number, p50Ms: number, p99Ms: number) => ({
    service,
    requests: Math.round(total * part),
    errors: Math.round(total * part * 0.003),
    p50Ms,
    p99Ms,
  });
  return {
    stepSeconds: STEP_SECONDS,
    points,
    services: [
      share("payments-api", 0.61, 27, 148),
      share("orders-api", 0.33, 21, 96),
      share("ledger-api", 0.06, 44, 390),
    ],
    connectors: ["payments-a-6f7c9d", "payments-b-6f7c9d"].map((connector, index) => {
      const perStep = points.map(({ requests }, step) =>
        Math.round(requests * (index === 0 ? 0.52 : 0.48) + 12 * noise(step + 4000 * (index + 1))),
      );
      return { connector, requests: perStep.reduce((sum, requests) => sum + requests, 0), perStep };
    }),
    codes: [
      { code: "UPSTREAM_RESPONSE_TIMEOUT", count: 187 },
      { code: "UPSTREAM_REFUSED", count: 38 },
    ],
  };
}

type Shape = [
  service: string,
  method: string,
  path: string,
  status: number,
  parts: [number, number, number, number],
];

const SHAPES: readonly Shape[] = [
  ["orders-api", "GET", "/v1/orders/8812", 200, [0, 12, 9, 1]],
  ["payments-api", "POST", "/v1/charges", 201, [0, 13, 31, 0]],
  ["payments-api", "GET", "/v1/charges/ch_7204", 200, [0, 11, 14, 2]],
  ["orders-api", "GET", "/v1/orders?limit=50", 200, [1, 14, 22, 18]],
  ["ledger-api", "GET", "/export/2026-11.csv", 200, [0, 12, 61, 240]],
  ["payments-api", "POST", "/v1/charges/ch_7204/refunds", 504, [2, 13, 385, 0]],
  ["orders-api", "PATCH", "/v1/orders/8810", 200, [0, 11, 18, 0]],
  ["payments-api", "GET", "/v1/charges/ch_0000", 404, [0, 12, 6, 0]],
];

/** Sorted by when they ended. */
export function inventedEvents(tunnel: string, nowMs: number): RequestEvent[] {
  return SHAPES.map(([service, method, path, status, [relayMs, tunnelMs, upstreamMs, bodyMs]], index) => {
    const isTimeout = status === 504;
    const hex = Math.floor(noise(index) * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    return {
      event: "request",
      version: REQUEST_EVENT_VERSION,
      time: new Date(nowMs - (SHAPES.length - index) * 430).toISOString(),
      requestId: `${hex}-41c2-4d0a-9b3e-5f1a7c20d9e4`,
      traceId: `${hex}41c24d0a9b3e5f1a7c20d9e4`,
      tunnel,
      project: "shop",
      environment: "production",
      service,
      kind: "http",
      method,
      path: path.split("?")[0] ?? path,
      status,
      outcome: isTimeout ? "failed" : "answered",
      code: isTimeout ? "UPSTREAM_RESPONSE_TIMEOUT" : null,
      connector: index % 2 === 0 ? "payments-a-6f7c9d" : "payments-b-6f7c9d",
      attempts: 1,
      requestBytes: method === "GET" ? 0 : 412,
      responseBytes: 1840 * (bodyMs + 1),
      durationMs: relayMs + tunnelMs + upstreamMs + bodyMs,
      relayMs,
      tunnelMs,
      upstreamMs,
      bodyMs,
    };
  });
}
