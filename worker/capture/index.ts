/*
 * Requests captured on demand: what an operator asked to see of a service's next requests, for a limited time.
 *
 * Nothing leaves the object's memory before `redaction/` has taken out what is a secret by name or form. Looking on never delays a
 * request; without room in the memory budget, less is captured. Number, size and age of what is kept are bounded for all captures of a
 * tunnel together.
 *
 * Begin with `captures.ts` (which requests), `request-tap.ts` (what is seen of one) and `captured-request.ts` (what may leave).
 * docs/security.md#captures; decision 0048.
 */
export type { CaptureAnswer, CaptureEntry } from "./capture-entry.ts";
export { CAPTURE_KEPT_MS, CaptureStore, type StoredCapture } from "./capture-store.ts";
export { Captures } from "./captures.ts";
export type { RequestTap } from "./request-tap.ts";
export { uncapturable } from "./uncapturable.ts";
