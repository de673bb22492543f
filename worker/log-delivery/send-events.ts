import { type LogDestination, receiverUrl } from "../../shared/log-destination.ts";
import type { RequestEvent } from "../../shared/request-event.ts";
import { VERSION } from "../../shared/version.ts";
import type { SendOutcome } from "./delivery.ts";
import { gzip } from "./gzip.ts";
import { encodeDatadog } from "./receivers/datadog.ts";
import type { Encoded } from "./receivers/encoded.ts";
import { encodeLoki } from "./receivers/loki.ts";
import { encodeOtlp } from "./receivers/otlp.ts";
import { encodeSplunk } from "./receivers/splunk.ts";
import { encodeWebhook } from "./receivers/webhook.ts";

/** For the whole of an exchange. */
const TIMEOUT_MS = 15_000;
/** A receiver cannot put itself out of use for longer. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** Of an answer, that of OTLP says how many records were rejected. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** What a receiver answered, or why there was no answer. */
export type Answer =
  | { status: number; retryAfter: string | null; text: string }
  | { status: null; reason: "timeout" | "unreachable" };

/** Of what is sent to this destination, whatever would let somebody else send there. */
export function credentialsSent(destination: LogDestination): string[] {
  const { authorization = "", ...headers } = encode(destination, []).headers;
  return [authorization, headers["dd-api-key"] ?? "", ...Object.values(destination.headers ?? {})].filter(
    (value) => value !== "",
  );
}

/** One request with these events. Never throws. */
export async function sendEvents(
  destination: LogDestination,
  events: readonly RequestEvent[],
): Promise<Answer> {
  // Not `AbortSignal.timeout`: its timer would keep the object awake long after the answer.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), TIMEOUT_MS);
  try {
    return await exchange(destination, events, deadline.signal);
  } catch {
    return { status: null, reason: deadline.signal.aborted ? "timeout" : "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(
  destination: LogDestination,
  events: readonly RequestEvent[],
  signal: AbortSignal,
): Promise<Answer> {
  const { contentType, headers, body } = encode(destination, events);
  const response = await fetch(receiverUrl(destination), {
    method: "POST",
    headers: {
      "user-agent": `culvert/${VERSION}`,
      ...lowerCase(destination.headers ?? {}),
      ...headers,
      "content-type": contentType,
      "content-encoding": "gzip",
    },
    body: await gzip(body),
    // The credentials are for this address alone.
    redirect: "manual",
    signal,
  });
  const text = await textOf(response);
  return { status: response.status, retryAfter: response.headers.get("retry-after"), text };
}

export function outcomeOf(destination: LogDestination, answer: Answer, nowMs: number): SendOutcome {
  if (answer.status === null) {
    const reason = answer.reason === "timeout" ? `no answer within ${TIMEOUT_MS / 1000} s` : "not reachable";
    return { outcome: "retry", reason, retryAfterMs: null };
  }
  const { status, retryAfter, text } = answer;
  if (status >= 200 && status < 300) {
    return { outcome: "accepted", rejected: destination.kind === "otlp" ? otlpRejected(text) : 0 };
  }
  const reason = `answered ${status}`;
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

/** RFC 9110 §10.2.3: seconds, or a date. Null for anything else. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const delayMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(1000, delayMs));
}
