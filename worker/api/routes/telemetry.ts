import * as z from "zod";
import { type Env, registryStub, telemetryStub } from "../../env.ts";
import type { TunnelServices } from "../../calls/registry-calls.ts";
import type { StoredReport } from "../../registry/stores/index.ts";
import { PROMETHEUS_TYPE, prometheusText, relayMetrics } from "../../telemetry/index.ts";
import {
  lastMinutes,
  timesBetween,
  type TrafficWindow,
  trafficView,
} from "../../telemetry/traffic/traffic-view.ts";
import type { ServingObject } from "../../tunnel/configuration/tunnel-objects.ts";
import { telemetryObjects } from "./telemetry-objects.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { ApiError } from "../problem.ts";
import { tunnelDetails } from "../tunnel-details.ts";

/** Of the Registry in one call; a report has up to a hundred kilobytes, a call 32 MiB. */
const REPORTS_PER_CALL = 200;
const TUNNELS_PER_CALL = 1000;

const windowQuery = z.strictObject({
  windowMinutes: z.coerce.number().int().min(5).max(1440).multipleOf(5).default(60),
  since: z.iso.datetime({ offset: true }).optional().describe("Instead of the last minutes, with `until`"),
  until: z.iso.datetime({ offset: true }).optional(),
});

const milliseconds = z.number().nullable().describe("Null where there was no HTTP request");

const trafficSchema = z.strictObject({
  stepSeconds: z.int(),
  points: z.array(
    z.strictObject({
      at: z.iso.datetime().describe("When the step begins"),
      requests: z.int(),
      errors: z.int().describe("Refused, failed, broken off, or answered with 5xx"),
      cancelled: z.int(),
      p50Ms: milliseconds,
      p90Ms: milliseconds,
      p99Ms: milliseconds,
      requestBytes: z.int(),
      responseBytes: z.int(),
    }),
  ),
  services: z.array(
    z.strictObject({
      service: z.string(),
      requests: z.int(),
      errors: z.int(),
      p50Ms: milliseconds,
      p99Ms: milliseconds,
    }),
  ),
  codes: z.array(z.strictObject({ code: z.string(), count: z.int() })),
  connectors: z
    .array(
      z.strictObject({
        connector: z.string(),
        requests: z.int(),
        perStep: z.array(z.int()).describe("Its requests in each of the points"),
      }),
    )
    .describe("By the connector that had a request last, the busiest first"),
});

const METRICS = {
  status: 200,
  description: "Prometheus' text format, version 0.0.4",
  schema: z.string(),
  contentType: PROMETHEUS_TYPE,
} as const;

export const telemetryOperations: readonly Operation[] = [
  operation({
    id: "getMetrics",
    method: "get",
    path: "/v1/metrics",
    summary: "Metrics of all tunnels, for Prometheus, as they were last reported; wakes nothing",
    role: "viewer",
    success: METRICS,
    problems: [],
    async run({ env }) {
      const known = await allTunnels(env);
      // The relay itself: requests that name no tunnel.
      return metricsAnswer(env, await allReports(env), [{ seq: 0, id: "", services: [] }, ...known]);
    },
  }),
  operation({
    id: "getTunnelMetrics",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/metrics",
    summary: "Metrics of one tunnel, for Prometheus, as they were last reported; wakes nothing",
    role: "viewer",
    success: METRICS,
    problems: ["NOT_FOUND"],
    async run({ env, param }) {
      const tunnelId = param("tunnelId");
      const reports = await registryStub(env).tunnelReports(tunnelId);
      const file = await registryStub(env).servicesFile(tunnelId);
      if (reports === null || file === null) throw new ApiError("NOT_FOUND");
      const services = file.file.services.map(({ name }) => name);
      return metricsAnswer(env, reports, [{ seq: 0, id: tunnelId, services }]);
    },
  }),
  operation({
    id: "getTunnelTraffic",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/traffic",
    summary: "What went through a tunnel in the last minutes or hours",
    role: "viewer",
    query: windowQuery,
    success: { status: 200, description: "The traffic, the current step included", schema: trafficSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, query, param }) {
      const details = await tunnelDetails(env, param("tunnelId"));
      if (details === null) throw new ApiError("NOT_FOUND");
      const window = windowOf(query, Date.now());
      const objects = telemetryObjects(details, window.fromMs);
      const steps = await trafficOf(env, objects, window.fromMs - 1, window.readSeconds);
      return { body: trafficView(steps, window) };
    },
  }),
];

const DAY_MS = 24 * 60 * 60_000;

function windowOf(
  { windowMinutes, since, until }: z.infer<typeof windowQuery>,
  nowMs: number,
): TrafficWindow {
  if (since === undefined && until === undefined) return lastMinutes(windowMinutes, nowMs);
  const [fromMs, toMs] = [Date.parse(since ?? ""), Date.parse(until ?? "")];
  if (!(fromMs < toMs && nowMs - fromMs <= DAY_MS + 60_000 && toMs <= nowMs + 60_000)) {
    const message = "needs since and until, one after the other, within the last day";
    throw new ApiError("INVALID_REQUEST", { problems: [{ path: "query", message }] });
  }
  return timesBetween(fromMs, toMs, nowMs);
}

async function allReports(env: Env): Promise<StoredReport[]> {
  const reports: StoredReport[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: StoredReport[] = await registryStub(env).telemetryReports(REPORTS_PER_CALL, after);
    reports.push(...page);
    after = page.length < REPORTS_PER_CALL ? undefined : page.at(-1)?.objectName;
  }
  return reports;
}

async function allTunnels(env: Env): Promise<TunnelServices[]> {
  const tunnels: TunnelServices[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: TunnelServices[] = await registryStub(env).tunnelServices(TUNNELS_PER_CALL, after);
    tunnels.push(...page);
    after = page.length < TUNNELS_PER_CALL ? undefined : page.at(-1)?.seq;
  }
  return tunnels;
}

async function metricsAnswer(env: Env, reports: readonly StoredReport[], known: readonly TunnelServices[]) {
  const destinations = await registryStub(env).logDestinationNames();
  const text = prometheusText(relayMetrics(reports, destinations, known));
  const headers = { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" };
  return { response: new Response(text, { headers }) };
}

async function trafficOf(env: Env, objects: readonly ServingObject[], sinceMs: number, stepSeconds: 10 | 60) {
  try {
    const all = objects.map(({ name, location }) =>
      telemetryStub(env, name, location).traffic(sinceMs, stepSeconds),
    );
    return (await Promise.all(all)).flat();
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}
