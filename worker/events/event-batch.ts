import type { Presence } from "./presence.ts";

/** A batch of events from a tunnel's object, or from the Worker itself, for its Telemetry object. */
export interface EventBatch {
  /** Identifies the sender's memory. It is new after each loss of memory. */
  sender: string;
  /** Increases by one with each batch of a sender, so that a repeated batch is recognised. */
  sequence: number;
  /** `RequestEvent`s, one JSON text a line. */
  lines: string;
  count: number;
  /** Events since the last batch for which the sender had no room. */
  lost: number;
  /** The revision of the log destinations that the sender knows; 0: there are none. Null: the sender does not know. */
  destinationsRevision: number | null;
  /** Accepted connections when the batch was sent; null from the Worker itself, which has none. */
  connectors: number | null;
  /** The attached connectors and the services that they cannot reach. The Worker itself leaves it out. */
  presence?: Presence;
}

/** The Telemetry object of requests that name no tunnel, or that never reached its object. */
export const RELAY_TELEMETRY = "relay";
