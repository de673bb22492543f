import { type LogDestination, receiverUrl } from "../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { VERSION } from "../../shared/release/version.ts";
import type { Encoding, SendOutcome } from "./delivery.ts";
import { gzip } from "./gzip.ts";
import {
  encodeDatadog,
  type Encoded,
  encodeLoki,
  encodeOtlp,
  encodeSplunk,
  encodeWebhook,
} from "./receivers/index.ts";

/** Time limit of a whole exchange. */
const TIMEOUT_MS = 15_000;
/** The longest `Retry-After` that is respected. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** Of an answer, that of OTLP says how many records were rejected. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Statuses with which a receiver may refuse a compression (RFC 9110 §15.5.16). */
const UNKNOWN_ENCODING: readonly number[] = [415, 501];
/** The statuses after which OTLP allows to send again (OTLP 1.x, "Failures"). All others are final. */
const OTLP_RETRIES: readonly number[] = [429, 502, 503, 504];
/** Final for the whole request, so smaller parts would not help. */
const WHOLE_REQUEST: readonly number[] = [401, 402, 403, 404, 405, 407, 410, 421, 426, 511];

/** A receiver's answer and the encoding that it was sent, or why there was no answer. */
export type ReceiverAnswer =
  | { status: number; retryAfter: string | null; text: string; encoding: Encoding }
  | { status: null; reason: "timeout" | "unreachable" };

/** Everything in a request by which somebody else could send to this destination. */
export function credentialsSent(destination: LogDestination): string[] {
  const { authorization = "", ...headers } = encode(destination, []).headers;
  return [authorization, headers["dd-api-key"] ?? "", ...Object.values(destination.headers ?? {})].filter(
    (value) => value !== "",
  );
}

/**
 * Sends one request with these events. If the receiver may not support the encoding, a second request uses the other one. `known` is the
 * encoding that it has accepted before. Never throws.
 */
export async function sendEvents(
  destination: LogDestination,
  events: readonly RequestEvent[],
  known: Encoding | null = null,
): Promise<ReceiverAnswer> {
  const encoding = known ?? "gzip";
  const answer = await sendOnce(destination, events, encoding);
  if (!mayBeEncoding(answer, known)) return answer;
  const other = await sendOnce(destination, events, encoding === "gzip" ? "identity" : "gzip");
  // If both were refused in the same way, the encoding was not the reason.
  return other.status === null || UNKNOWN_ENCODING.includes(other.status) ? answer : other;
}

/** A receiver that does not decompress finds the body malformed. So until it has accepted an encoding, this counts as a possible reason. */
function mayBeEncoding(answer: ReceiverAnswer, known: Encoding | null): boolean {
  if (answer.status === null) return false;
  if (UNKNOWN_ENCODING.includes(answer.status)) return true;
  return known === null && answer.status === 400 && splunkTaken(answer.text) === null;
}

async function sendOnce(
  destination: LogDestination,
  events: readonly RequestEvent[],
  encoding: Encoding,
): Promise<ReceiverAnswer> {
  // Not `AbortSignal.timeout`: its timer would keep the object awake long after the answer.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), TIMEOUT_MS);
  try {
    return await exchange(destination, events, encoding, deadline.signal);
  } catch {
    return { status: null, reason: deadline.signal.aborted ? "timeout" : "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(
  destination: LogDestination,
  events: readonly RequestEvent[],
  encoding: Encoding,
  signal: AbortSignal,
): Promise<ReceiverAnswer> {
  const { contentType, headers, body } = encode(destination, events);
  const response = await fetch(receiverUrl(destination), {
    method: "POST",
    headers: {
      "user-agent": `culvert/${VERSION}`,
      ...lowerCase(destination.headers ?? {}),
      ...headers,
      "content-type": contentType,
      ...(encoding === "gzip" ? { "content-encoding": "gzip" } : {}),
    },
    body: encoding === "gzip" ? await gzip(body) : body,
    // Redirects are not followed, because the credentials are only for this address.
    redirect: "manual",
    signal,
  });
  const text = await textOf(response);
  return { status: response.status, retryAfter: response.headers.get("retry-after"), text, encoding };
}

/** `sentCount`: of events in the request. */
export function outcomeOf(
  destination: LogDestination,
  answer: ReceiverAnswer,
  sentCount: number,
  nowMs: number,
): SendOutcome {
  if (answer.status === null) {
    const reason = answer.reason === "timeout" ? `no answer within ${TIMEOUT_MS / 1000} s` : "not reachable";
    return { outcome: "retry", reason, retryAfterMs: null };
  }
  const { status, retryAfter, text } = answer;
  if (status >= 200 && status < 300) {
    return { outcome: "accepted", rejected: destination.kind === "otlp" ? otlpRejected(text) : 0 };
  }
  const reason = `answered ${status}`;
  const taken = destination.kind === "splunk" && status === 400 ? splunkTaken(text) : null;
  if (taken !== null && taken < sentCount) return { outcome: "stopped", taken, reason };
  if (destination.kind === "otlp" && !OTLP_RETRIES.includes(status)) {
    const isWhole = status < 400 || WHOLE_REQUEST.includes(status);
    return { outcome: isWhole ? "refused_all" : "refused", reason };
  }
  if (status === 400 || status === 413 || status === 422) return { outcome: "refused", reason };
  return { outcome: "retry", reason, retryAfterMs: retryAfterMs(retryAfter, nowMs) };
}

function encode(destination: LogDestination, events: readonly RequestEvent[]): Encoded {
  switch (destination.kind) {
    case "otlp":
      return encodeOtlp(destination, events);
    case "datadog":
      return encodeDatadog(destination, events);
    case "splunk":
      return encodeSplunk(destination, events);
    case "loki":
      return encodeLoki(destination, events);
    case "webhook":
      return encodeWebhook(events);
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The beginning of a body. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the rest.
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return text;
}

/** ExportLogsServiceResponse: a 64-bit integer is a string in JSON, or a number from those who are less strict. */
function otlpRejected(text: string): number {
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedLogRecords?: string | number } } | null;
    const rejected = Number(answer?.partialSuccess?.rejectedLogRecords ?? 0);
    return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}

/** The event collector stops at the first event that it cannot read, and counts from 0. It has accepted those before it. */
function splunkTaken(text: string): number | null {
  try {
    const answer = JSON.parse(text) as Record<string, unknown> | null;
    const number = answer?.["invalid-event-number"];
    return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
  } catch {
    return null;
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. Null for anything else. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const delayMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(1000, delayMs));
}
