import type { Presence } from "../../events/index.ts";
import type { LogDestination } from "../../../shared/events/log-destination.ts";
import type { RequestMetrics } from "./request-metrics.ts";

/** A Telemetry object's report to the Registry, so that nobody has to wake the object. */
export interface TelemetryReport {
  metrics: RequestMetrics;
  /** Connections of connectors at the last report of the tunnel's object; null if there can be none. */
  connectors: number | null;
  deliveries: readonly DeliveryReport[];
  /** The attached connectors; null if there can be none or they are not known. Reports of version 0.1 do not have it. */
  presence?: Presence | null;
}

/** The delivery of one object's events to one destination. Counts begin when the destination is created. */
export interface DeliveryReport {
  id: string;
  shipped: number;
  lost: number;
  rejected: number;
  /** Events that wait. */
  backlog: number;
  lastSuccessAtMs: number | null;
  lastError: { atMs: number; reason: string } | null;
}

/** With their secrets. Only for code that sends. */
export interface ShippingList {
  revision: number;
  destinations: readonly LogDestination[];
}
