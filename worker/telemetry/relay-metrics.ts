import type { DestinationName, TunnelServices } from "../calls/registry-calls.ts";
import type { StoredReport } from "../registry/stores/index.ts";
import { tunnelIdOf } from "../tunnel/configuration/tunnel-objects.ts";
import { RELAY_TELEMETRY } from "../events/index.ts";
import { type Family, histogramSamples, type Sample } from "./prometheus.ts";
import {
  DURATION_BOUNDS,
  mergeMetrics,
  metricsAtZero,
  type RequestMetrics,
  resultLabels,
  type ServiceMetrics,
} from "./metrics/request-metrics.ts";

/** One tunnel: the reports of all its objects; "" is the relay itself. */
interface TunnelReports {
  tunnel: string;
  reports: readonly StoredReport[];
  metrics: RequestMetrics;
}

/** Services with series at 0, over all tunnels; about four kilobytes each. Others have series only after their first requests. */
const MAX_SERVICES_AT_ZERO = 1_000;

/** What `GET /v1/metrics` shows, from the last reports. `known`: the tunnels that there are, reported or not. */
export function relayMetrics(
  reports: readonly StoredReport[],
  destinations: readonly DestinationName[],
  known: readonly TunnelServices[],
): Family[] {
  const byTunnel = Map.groupBy(reports, ({ objectName }) =>
    objectName === RELAY_TELEMETRY ? "" : tunnelIdOf(objectName),
  );
  let room = MAX_SERVICES_AT_ZERO;
  const atZero = new Map<string, RequestMetrics>();
  for (const { id, services } of known) {
    const some = services.slice(0, room);
    room -= some.length;
    atZero.set(id, metricsAtZero(some));
  }
  const tunnels = Array.from(new Set([...byTunnel.keys(), ...atZero.keys()]), (tunnel): TunnelReports => {
    const ofTunnel = byTunnel.get(tunnel) ?? [];
    const zero = atZero.get(tunnel);
    const counted = ofTunnel.map(({ metrics }) => metrics);
    return {
      tunnel,
      reports: ofTunnel,
      metrics: mergeMetrics(zero === undefined ? counted : [zero, ...counted]),
    };
  });
  return [
    ...requestFamilies(tunnels),
    ...tunnelFamilies(tunnels),
    ...destinationFamilies(tunnels, destinations),
  ];
}

function requestFamilies(tunnels: readonly TunnelReports[]): Family[] {
  const services = tunnels.flatMap(({ tunnel, metrics: { services: ofTunnel } }) =>
    Array.from(ofTunnel, ([service, metrics]) => ({ labels: { tunnel, service }, metrics })),
  );
  const counter = (name: string, help: string, valueOf: (metrics: ServiceMetrics) => number): Family =>
    family(
      name,
      "counter",
      help,
      services.map(({ labels, metrics }) => ({ labels, value: valueOf(metrics) })),
    );
  return [
    family(
      "requests_total",
      "counter",
      "Requests that ended, by outcome, culvert code and status class.",
      services.flatMap(({ labels, metrics }) =>
        Array.from(metrics.results, ([result, value]) => {
          const { outcome, code, statusClass } = resultLabels(result);
          return { labels: { ...labels, outcome, code, status_class: statusClass }, value };
        }),
      ),
    ),
    family(
      "request_duration_seconds",
      "histogram",
      "HTTP requests from arrival to their last byte.",
      services.flatMap(({ labels, metrics }) =>
        histogramSamples(labels, DURATION_BOUNDS, metrics.durations, metrics.durationSumMs / 1000),
      ),
    ),
    counter("request_bytes_total", "Body bytes received from gateways.", ({ requestBytes }) => requestBytes),
    counter("response_bytes_total", "Body bytes sent to gateways.", ({ responseBytes }) => responseBytes),
  ];
}

function tunnelFamilies(tunnels: readonly TunnelReports[]): Family[] {
  const perTunnel = (valueOf: (reports: readonly StoredReport[]) => number | null): Sample[] =>
    tunnels.flatMap(({ tunnel, reports }) => {
      const value = valueOf(reports);
      return value === null ? [] : [{ labels: { tunnel }, value }];
    });
  return [
    family(
      "connectors",
      "gauge",
      "Connections of connectors, as the tunnel last reported.",
      // An object that has never reported any never had any.
      tunnels
        .filter(({ tunnel }) => tunnel !== "")
        .map(({ tunnel, reports }) => ({
          labels: { tunnel },
          value: reports.reduce((sum, { connectors }) => sum + (connectors ?? 0), 0),
        })),
    ),
    family(
      "events_dropped_total",
      "counter",
      "Events of requests that are in no log and no metric.",
      tunnels.flatMap(({ tunnel, metrics: { lost, malformed } }) => [
        { labels: { tunnel, reason: "no_room" }, value: lost },
        { labels: { tunnel, reason: "malformed" }, value: malformed },
      ]),
    ),
    family(
      "last_report_timestamp_seconds",
      "gauge",
      "When the tunnel last reported its requests.",
      perTunnel((reports) =>
        reports.length === 0 ? null : Math.max(...reports.map(({ atMs }) => atMs)) / 1000,
      ),
    ),
  ];
}

function destinationFamilies(
  tunnels: readonly TunnelReports[],
  destinations: readonly DestinationName[],
): Family[] {
  const samples = (valueOf: (delivery: StoredReport["deliveries"][number]) => number): Sample[] =>
    tunnels.flatMap(({ tunnel, reports }) => {
      if (reports.length === 0) return [];
      const byId = Map.groupBy(
        reports.flatMap((report) => report.deliveries),
        ({ id }) => id,
      );
      // 0 if there is no report about it yet.
      return destinations.map(({ id }) => ({
        labels: { tunnel, destination: id },
        value: (byId.get(id) ?? []).reduce((sum, delivery) => sum + valueOf(delivery), 0),
      }));
    });
  return [
    family(
      "log_destination_info",
      "gauge",
      "Always 1.",
      destinations.map(({ id, name, kind }) => ({
        labels: { destination: id, name, kind },
        value: 1,
      })),
    ),
    family(
      "log_events_shipped_total",
      "counter",
      "Events that a log destination accepted.",
      samples(({ shipped }) => shipped),
    ),
    family(
      "log_events_lost_total",
      "counter",
      "Events dropped before they could be sent to a log destination.",
      samples(({ lost }) => lost),
    ),
    family(
      "log_events_rejected_total",
      "counter",
      "Events that a log destination refused.",
      samples(({ rejected }) => rejected),
    ),
    family(
      "log_backlog_events",
      "gauge",
      "Events that wait for a log destination.",
      samples(({ backlog }) => backlog),
    ),
  ];
}

function family(name: string, type: Family["type"], help: string, samples: readonly Sample[]): Family {
  return { name: `culvert_relay_${name}`, type, help, samples };
}
