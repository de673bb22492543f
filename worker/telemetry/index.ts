/*
 * The Telemetry object, one beside each object of a tunnel: metrics, the traffic of the last day, events that wait for log services.
 *
 * It gets events in batches and never slows a request down. Series are bounded in number, whatever callers send. It wakes by itself
 * only while there is something to send or to report, because each alarm and each row costs money. Reading metrics wakes no Telemetry
 * object: the Registry has their reports.
 *
 * Begin with `telemetry-object.ts`, then `metrics/` (what is counted), `spool.ts` and `shipper.ts` (log destinations).
 * docs/registry.md#a-telemetry-object and docs/observability.md; decisions 0017 and 0018.
 */
export { PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
export { relayMetrics } from "./relay-metrics.ts";
export { Telemetry } from "./telemetry-object.ts";
