import type { RequestEvent } from "../../../shared/events/request-event.ts";
import {
  countLatency,
  type LatencyHistogram,
  mergeLatencies,
  percentileMs,
} from "../metrics/latency-histogram.ts";
import { isFailure } from "../../events/index.ts";
import { cappedLabel, cappedService } from "../../../shared/signals/series-label.ts";
import { serviceLabel } from "../metrics/service-label.ts";

/** Limits, because open steps are written with every batch, and should stay within a few kilobytes. */
const MAX_SERVICES = 20;
const MAX_CODES = 50;
const MAX_CONNECTORS = 20;

interface ServiceTraffic {
  requests: number;
  errors: number;
  latencies: LatencyHistogram;
}

/** What happened within one step of time. */
export interface Traffic {
  requests: number;
  /** Refused, failed, broken off, or answered with 5xx. */
  errors: number;
  cancelled: number;
  requestBytes: number;
  responseBytes: number;
  /** Of HTTP requests, from arrival to the last byte. */
  latencies: LatencyHistogram;
  services: Map<string, ServiceTraffic>;
  codes: Map<string, number>;
  /** Requests by the connector that had them last. What version 0.1 wrote has none. */
  connectors?: Map<string, number>;
}

export function noTraffic(): Traffic {
  return {
    requests: 0,
    errors: 0,
    cancelled: 0,
    requestBytes: 0,
    responseBytes: 0,
    latencies: new Map(),
    services: new Map(),
    codes: new Map(),
  };
}

export function addRequest(traffic: Traffic, event: RequestEvent): void {
  const errors = isFailure(event) ? 1 : 0;
  traffic.requests++;
  traffic.errors += errors;
  if (event.outcome === "cancelled") traffic.cancelled++;
  traffic.requestBytes += event.requestBytes;
  traffic.responseBytes += event.responseBytes;
  const service = serviceOf(traffic, serviceLabel(event, traffic.services, MAX_SERVICES));
  service.requests++;
  service.errors += errors;
  if (event.code !== null) count(traffic.codes, event.code, 1, MAX_CODES);
  if (event.connector !== null) count((traffic.connectors ??= new Map()), event.connector, 1, MAX_CONNECTORS);
  if (event.kind !== "http") return;
  countLatency(traffic.latencies, event.durationMs);
  countLatency(service.latencies, event.durationMs);
}

export function addTraffic(into: Traffic, from: Traffic): void {
  into.requests += from.requests;
  into.errors += from.errors;
  into.cancelled += from.cancelled;
  into.requestBytes += from.requestBytes;
  into.responseBytes += from.responseBytes;
  mergeLatencies(into.latencies, from.latencies);
  for (const [name, { requests, errors, latencies }] of from.services) {
    const service = serviceOf(into, cappedService(name, into.services, MAX_SERVICES));
    service.requests += requests;
    service.errors += errors;
    mergeLatencies(service.latencies, latencies);
  }
  for (const [code, requests] of from.codes) count(into.codes, code, requests, MAX_CODES);
  for (const [connector, requests] of from.connectors ?? [])
    count((into.connectors ??= new Map()), connector, requests, MAX_CONNECTORS);
}

function serviceOf({ services }: Traffic, label: string): ServiceTraffic {
  const service = services.get(label) ?? { requests: 0, errors: 0, latencies: new Map() };
  services.set(label, service);
  return service;
}

function count(counts: Map<string, number>, name: string, requests: number, max: number): void {
  const label = cappedLabel(name, counts, max);
  counts.set(label, (counts.get(label) ?? 0) + requests);
}

/** One step for people. */
export function trafficPoint(atMs: number, traffic: Traffic) {
  const { requests, errors, cancelled, requestBytes, responseBytes, latencies } = traffic;
  return {
    at: new Date(atMs).toISOString(),
    requests,
    errors,
    cancelled,
    p50Ms: percentileMs(latencies, 0.5),
    p90Ms: percentileMs(latencies, 0.9),
    p99Ms: percentileMs(latencies, 0.99),
    requestBytes,
    responseBytes,
  };
}

/** Counts by service, or by error, the most frequent first. */
export function trafficBreakdown({ services, codes }: Traffic) {
  return {
    services: Array.from(services, ([service, { requests, errors, latencies }]) => ({
      service,
      requests,
      errors,
      p50Ms: percentileMs(latencies, 0.5),
      p99Ms: percentileMs(latencies, 0.99),
    })).sort((a, b) => b.requests - a.requests),
    codes: Array.from(codes, ([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
  };
}
