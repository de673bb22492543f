import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { cappedLabel } from "../../../shared/signals/series-label.ts";
import { serviceLabel, UNKNOWN_SERIES } from "./service-label.ts";

/** The same limit as in the connector's metrics. */
const MAX_SERVICES = 200;
/** Results that exist at 0 from the start, because Prometheus sees no increase in a counter that begins above 0. */
const KNOWN_RESULTS: readonly string[] = [
  ...["2xx", "3xx", "4xx", "5xx"].map((statusClass) => `answered - ${statusClass}`),
  ...[
    "NO_CONNECTOR",
    "OVERLOADED",
    "CONNECTOR_LOST",
    "RELAY_RESTART",
    "UPSTREAM_REFUSED",
    "UPSTREAM_DNS",
  ].map(failed),
  ...["UPSTREAM_TLS", "UPSTREAM_PROTOCOL", "UPSTREAM_CONNECT_TIMEOUT", "UPSTREAM_RESPONSE_TIMEOUT"].map(
    failed,
  ),
  "refused UPSTREAM_NOT_ALLOWED 5xx",
  "refused ACCESS_DENIED 4xx",
];
const UNKNOWN_RESULTS = ["refused UNKNOWN_SERVICE 4xx", "refused ACCESS_DENIED 4xx"];

/** Outcome, code and status class of one service; outcomes and codes are closed sets of some five and thirty. */
const MAX_RESULTS = 100;

/** Upper bounds in seconds, the same as the connector's, so that both can be compared. */
export const DURATION_BOUNDS = [
  0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

export interface ServiceMetrics {
  /** By `outcome code class`, such as `failed NO_CONNECTOR 5xx`; "-" stands for no code. */
  results: Map<string, number>;
  /** HTTP requests by duration: one count for each bound, of those above the bound before it, and one for those above all bounds. */
  durations: number[];
  durationSumMs: number;
  requestBytes: number;
  responseBytes: number;
}

/** Totals of one object's requests since it was created. Values never decrease. */
export interface RequestMetrics {
  services: Map<string, ServiceMetrics>;
  /** Events for which their sender had no room. */
  lost: number;
  /** Lines that were not valid events. */
  malformed: number;
}

export function noMetrics(): RequestMetrics {
  return { services: new Map(), lost: 0, malformed: 0 };
}

export function countRequest({ services }: RequestMetrics, event: RequestEvent): void {
  const label = serviceLabel(event, services, MAX_SERVICES);
  const service = services.get(label) ?? noServiceMetrics();
  services.set(label, service);
  const result = `${event.outcome} ${event.code ?? "-"} ${Math.floor(event.status / 100)}xx`;
  const key = cappedLabel(result, service.results, MAX_RESULTS);
  service.results.set(key, (service.results.get(key) ?? 0) + 1);
  service.requestBytes += event.requestBytes;
  service.responseBytes += event.responseBytes;
  if (event.kind !== "http") return;
  const bound = DURATION_BOUNDS.findIndex((seconds) => event.durationMs <= seconds * 1000);
  const index = bound === -1 ? DURATION_BOUNDS.length : bound;
  service.durations[index] = (service.durations[index] ?? 0) + 1;
  service.durationSumMs += event.durationMs;
}

/** Outcome, code ("" for none) and status class; empty strings where the combination had no room of its own. */
export function resultLabels(result: string): { outcome: string; code: string; statusClass: string } {
  const [outcome = "", code = "", statusClass = ""] = result.split(" ");
  return { outcome, code: code === "-" ? "" : code, statusClass };
}

/** The sum over several objects of one tunnel. */
export function mergeMetrics(all: readonly RequestMetrics[]): RequestMetrics {
  const merged = noMetrics();
  for (const { services, lost, malformed } of all) {
    merged.lost += lost;
    merged.malformed += malformed;
    for (const [name, from] of services) {
      const into = merged.services.get(name) ?? noServiceMetrics();
      merged.services.set(name, into);
      for (const [result, count] of from.results) {
        into.results.set(result, (into.results.get(result) ?? 0) + count);
      }
      into.durations = into.durations.map((count, index) => count + (from.durations[index] ?? 0));
      into.durationSumMs += from.durationSumMs;
      into.requestBytes += from.requestBytes;
      into.responseBytes += from.responseBytes;
    }
  }
  return merged;
}

/** Zero results for these services and for unknown names, to merge with the counted ones. */
export function metricsAtZero(services: readonly string[]): RequestMetrics {
  const metrics = noMetrics();
  const add = (service: string, results: readonly string[]) =>
    metrics.services.set(service, {
      ...noServiceMetrics(),
      results: new Map(results.map((result) => [result, 0])),
    });
  for (const service of services.slice(0, MAX_SERVICES)) add(service, KNOWN_RESULTS);
  add(UNKNOWN_SERIES, UNKNOWN_RESULTS);
  return metrics;
}

function failed(code: string): string {
  return `failed ${code} 5xx`;
}

function noServiceMetrics(): ServiceMetrics {
  return {
    results: new Map(),
    durations: Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0),
    durationSumMs: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
}
