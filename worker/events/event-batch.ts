import type { Presence } from "./presence.ts";

/** What a tunnel's object, or the Worker itself, hands to its Telemetry object. */
export interface EventBatch {
  /** Names the sender's memory: a new one after each loss of it. */
  sender: string;
  /** Grows by one with each batch of a sender: a batch that comes again is known by it. */
  sequence: number;
  /** `RequestEvent`s, one JSON text a line. */
  lines: string;
  count: number;
  /** Events since the last batch for which the sender had no room. */
  lost: number;
  /** Of the log destinations, as the sender knows it; 0: there are none. Null: the sender cannot know. */
  destinationsRevision: number | null;
  /** Accepted connections when the batch was sent; null from the Worker itself, which has none. */
  connectors: number | null;
  /** Who they are, and what they do not reach. Left out by the Worker itself. */
  presence?: Presence;
}

/** The Telemetry object of requests that name no tunnel, or that never reached its object. */
export const RELAY_TELEMETRY = "relay";
