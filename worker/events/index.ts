/*
 * One event for each request that is over, and where events go: the console, people who watch, the Telemetry object.
 *
 * A request has exactly one event, however it ended. It is plain data, never a body or a field of the request; the query is dropped
 * unless the operator wants it. Passing events on never holds up a request: what finds no room is lost and counted.
 *
 * Begin with `request-record.ts` (the facts of one request), then `event-log.ts` and `event-outbox.ts` (batches for Telemetry).
 * docs/observability.md#every-request-is-one-event; decisions 0016 and 0017.
 */
export { RELAY_TELEMETRY, type EventBatch } from "./event-batch.ts";
export { EventLog } from "./event-log.ts";
export { EventOutbox } from "./event-outbox.ts";
export { endMs, isFailure, parseEvent } from "./parse-event.ts";
export { mergePresence, presenceOf, type Presence } from "./presence.ts";
export {
  RequestRecord,
  newRecordState,
  traceIdOf,
  traceIdOfHead,
  type Arrival,
  type RecordState,
} from "./request-record.ts";
export { MAX_TAILS, TailHub, type TailAttachment } from "./tail-hub.ts";
