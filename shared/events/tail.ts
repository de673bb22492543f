import type { RequestEvent } from "./request-event.ts";

/** The subprotocol of the WebSocket between a relay and a watcher. */
export const TAIL_SUBPROTOCOL = "culvert.tail.v1";

/** What a watcher gets; it answers each with `{"received": all events so far}`. */
export interface TailMessage {
  events: readonly RequestEvent[];
  /** Events that matched and were left out, since the last message: the watcher did not keep up. */
  dropped: number;
}
