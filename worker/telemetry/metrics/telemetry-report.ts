import type { Presence } from "../../events/index.ts";
import type { LogDestination } from "../../../shared/events/log-destination.ts";
import type { RequestMetrics } from "./request-metrics.ts";

/** What a Telemetry object tells the Registry of itself, so that nobody has to wake it. */
export interface TelemetryReport {
  metrics: RequestMetrics;
  /** Connections of connectors when the tunnel's object last said so; null where there can be none. */
  connectors: number | null;
  deliveries: readonly DeliveryReport[];
  /** Who is attached; null where nobody can be, or nobody said. Reports of version 0.1 have none. */
  presence?: Presence | null;
}

/** How one destination takes the events of one object. Counts grow from the destination's making. */
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

/** With their secrets: for those who send. */
export interface ShippingList {
  revision: number;
  destinations: readonly LogDestination[];
}
