import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { ERROR_CODES, type ErrorCode, type CheckOutcome, isFailing } from "../../shared/protocol/index.ts";
import { BUILD_ID } from "../../shared/release/build-id.ts";
import { FAULT_SCOPES, type FaultScope } from "../platform/index.ts";
import type { RequestSummary } from "./request-summary.ts";
import { SPAN_OUTCOMES, type SpanCounts } from "./request-trace.ts";
import { MAX_SERVICES, ServiceLabels } from "./service-labels.ts";

/** From a cached answer next door to the response timeout, in seconds. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Failures that somebody has to look into. Their counters exist at 0 as soon as a service is known, because Prometheus sees no increase in a
 * counter that begins above 0.
 */
const FAILURES: readonly ErrorCode[] = [
  ...Object.keys(ERROR_CODES).filter((code): code is ErrorCode => /^(?:UPSTREAM|CONNECTOR)_/.test(code)),
  ...(["BODY_ABORTED", "CANCEL", "STALLED", "INTERNAL"] as const),
];
const STATUS_CLASSES = ["2xx", "3xx", "4xx", "5xx", "none"] as const;

/** States of a connection to the relay; "waiting" is between two attempts. */
export const CONNECTION_STATES = [
  "connecting",
  "handshaking",
  "ready",
  "draining",
  "waiting",
  "ended",
  "stopped",
] as const;

/** Sources that are read when the metrics are read. */
export interface MetricSources {
  connections(): readonly {
    state: (typeof CONNECTION_STATES)[number];
    roundTripMs: number | null;
    object: string;
  }[];
  services(): readonly { service: string; outcome: CheckOutcome }[];
  /** Null: nothing is traced. */
  spans: Readonly<SpanCounts> | null;
  droppedLogLines(): number;
  faults: Readonly<Record<FaultScope, number>>;
}

/** The process's metrics since its start, for Prometheus. Labels are bounded, whatever the relay sends. */
export class Metrics {
  activeStreams = 0;
  readonly #registry = new Registry();
  readonly #sources: MetricSources;
  readonly #labels = new ServiceLabels((label) => this.#beginAtZero(label));
  readonly #requests: Counter<"service" | "kind" | "status">;
  readonly #errors: Counter<"service" | "code">;
  readonly #durations: Histogram<"service">;
  readonly #waits: Histogram<"service">;
  /** By label. */
  readonly #inFlight = new Map<string, number>();
  readonly #requestBytes: Counter<"service">;
  readonly #responseBytes: Counter<"service">;
  readonly #connectionsLost: Counter;
  readonly #reconnects: Counter;
  #relayMessageCount = 0;
  #relayByteCount = 0;
  readonly #creditStalls: Counter;

  constructor(
    { version, name, connector }: { version: string; name: string; connector: string },
    sources: MetricSources,
  ) {
    this.#sources = sources;
    const registers = [this.#registry];
    const counter = <L extends string>(
      name: string,
      help: string,
      labelNames: L[] = [],
      collect?: (counter: Counter<L>) => void,
    ) =>
      new Counter({
        ...{ name: `culvert_connector_${name}`, help, labelNames, registers },
        collect() {
          collect?.(this);
        },
      });
    const histogram = (name: string, help: string) =>
      new Histogram({
        ...{ name: `culvert_connector_${name}`, help, labelNames: ["service"], registers },
        buckets: DURATION_BUCKETS,
      });
    const gauge = <L extends string>(
      name: string,
      help: string,
      labelNames: L[] = [],
      collect?: (gauge: Gauge<L>) => void,
    ) =>
      new Gauge({
        ...{ name: `culvert_connector_${name}`, help, labelNames, registers },
        collect() {
          collect?.(this);
        },
      });

    this.#requests = counter("requests_total", "Requests that ended; status is the answer's class.", [
      "service",
      "kind",
      "status",
    ]);
    this.#errors = counter("errors_total", "Requests that failed, by culvert code.", ["service", "code"]);
    this.#durations = histogram("request_duration_seconds", "HTTP requests from arrival to their last byte.");
    this.#waits = histogram("response_wait_seconds", "HTTP requests from arrival to the response's head.");
    this.#requestBytes = counter("request_bytes_total", "Body bytes sent upstream.", ["service"]);
    this.#responseBytes = counter("response_bytes_total", "Body bytes received from upstreams.", ["service"]);
    gauge("requests_in_flight", "Requests and WebSockets being served.", ["service"], (all) => {
      for (const [service, count] of this.#inFlight) all.set({ service }, count);
    });
    gauge("active_streams", "Requests and WebSockets being served, over all services.", [], (all) =>
      all.set(this.activeStreams),
    );
    gauge("ready_connections", "Connections accepted by the relay.", [], (ready) =>
      ready.set(sources.connections().filter(({ state }) => state === "ready").length),
    );
    gauge("links", "Connections to the relay, by state.", ["state"], (byState) => {
      for (const state of CONNECTION_STATES) {
        byState.set(
          { state },
          sources.connections().filter((connection) => connection.state === state).length,
        );
      }
    });
    const labels = ["connection", "object"];
    gauge(
      "relay_round_trip_seconds",
      "Round trip of the last keepalive on each connection.",
      labels,
      (rtt) => {
        rtt.reset();
        for (const [connection, { roundTripMs, object }] of sources.connections().entries()) {
          if (roundTripMs !== null) rtt.set({ connection, object }, roundTripMs / 1_000);
        }
      },
    );
    gauge("service_up", "1 while the check of a service passes, 0 while it fails.", ["service"], (up) => {
      up.reset();
      // These are the services that the relay lets connectors check, so none of the names comes from a caller.
      for (const { service, outcome } of sources.services().slice(0, MAX_SERVICES)) {
        if (outcome !== "PENDING") up.set({ service }, isFailing(outcome) ? 0 : 1);
      }
    });
    const { spans } = sources;
    if (spans !== null) {
      counter("spans_total", "Spans of traced requests, by outcome.", ["outcome"], (all) => {
        all.reset();
        for (const outcome of SPAN_OUTCOMES) all.inc({ outcome }, spans[outcome]);
      });
    }
    counter(
      "log_lines_dropped_total",
      "Log lines lost because nobody read them, or the disk was full.",
      [],
      (all) => setTo(all, sources.droppedLogLines()),
    );
    counter("faults_total", "Unexpected exceptions, by what each one ended.", ["scope"], (all) => {
      all.reset();
      for (const scope of FAULT_SCOPES) all.inc({ scope }, sources.faults[scope]);
    });
    gauge("info", "Always 1.", ["version", "build", "name", "connector"]).set(
      { version, build: BUILD_ID, name, connector },
      1,
    );
    this.#connectionsLost = counter(
      "connections_lost_total",
      "Connections to the relay that were lost or refused.",
    );
    this.#reconnects = counter(
      "reconnects_total",
      "Connections accepted by the relay again, after a loss or a planned move.",
    );
    const messagesHelp = "Messages sent to the relay, where they are billed.";
    counter("relay_messages_total", messagesHelp, [], (all) => setTo(all, this.#relayMessageCount));
    counter("relay_bytes_total", "Bytes sent to the relay.", [], (all) => setTo(all, this.#relayByteCount));
    this.#creditStalls = counter("credit_stalls_total", "Streams that had to wait for the relay's window.");
    collectDefaultMetrics({ register: this.#registry });
    // Remove gauges that have a counter's name. Others without it have the numbers by kind.
    for (const kind of ["handles", "requests", "resources"]) {
      this.#registry.removeSingleMetric(`nodejs_active_${kind}_total`);
    }
  }

  requestStarted(service: string): void {
    this.activeStreams++;
    this.#countInFlight(this.#labels.of(service), 1);
  }

  requestFinished(summary: RequestSummary): void {
    const { kind, status, code, requestBytes, responseBytes, waitMs, durationMs } = summary;
    const service = this.#labels.of(summary.service);
    this.activeStreams--;
    this.#countInFlight(service, -1);
    const statusClass = status === null ? "none" : `${Math.floor(status / 100)}xx`;
    this.#requests.inc({ service, kind, status: statusClass });
    if (code !== null) this.#errors.inc({ service, code });
    this.#requestBytes.inc({ service }, requestBytes);
    this.#responseBytes.inc({ service }, responseBytes);
    if (kind !== "http") return;
    this.#durations.observe({ service }, durationMs / 1_000);
    if (waitMs !== null) this.#waits.observe({ service }, waitMs / 1_000);
  }

  connectionLost(): void {
    this.#connectionsLost.inc();
  }

  reconnected(): void {
    this.#reconnects.inc();
  }

  relayMessageSent(sizeBytes: number): void {
    this.#relayMessageCount++;
    this.#relayByteCount += sizeBytes;
  }

  creditStalled(): void {
    this.#creditStalls.inc();
  }

  /** The text format of Prometheus, version 0.0.4. */
  render(): Promise<string> {
    for (const { service } of this.#sources.services()) this.#labels.of(service);
    return this.#registry.metrics();
  }

  /** Plain numbers, because this is on each request's way. */
  #countInFlight(service: string, change: number): void {
    this.#inFlight.set(service, (this.#inFlight.get(service) ?? 0) + change);
  }

  #beginAtZero(service: string): void {
    for (const status of STATUS_CLASSES) this.#requests.inc({ service, kind: "http", status }, 0);
    for (const code of FAILURES) this.#errors.inc({ service, code }, 0);
    this.#requestBytes.inc({ service }, 0);
    this.#responseBytes.inc({ service }, 0);
    this.#countInFlight(service, 0);
    this.#durations.zero({ service });
    this.#waits.zero({ service });
  }
}

/** For a counter whose number is kept elsewhere, until it is read. */
function setTo(counter: Counter, count: number): void {
  counter.reset();
  counter.inc(count);
}
