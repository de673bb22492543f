/*
 * How each log service wants its events: one encoder per kind of log destination.
 *
 * An encoder is a pure function from a destination and events to URL, fields and body; sending and repeating is done outside. What can
 * be told by the event's time or id is, so that a service can recognise an event that comes twice.
 *
 * Begin with `encoded.ts` (what an encoder returns), then any of the others. docs/observability.md#log-destinations; decision 0018.
 */
export { encodeDatadog } from "./datadog.ts";
export type { Encoded } from "./encoded.ts";
export { encodeLoki } from "./loki.ts";
export { encodeOtlp } from "./otlp.ts";
export { encodeSplunk } from "./splunk.ts";
export { encodeWebhook } from "./webhook.ts";
