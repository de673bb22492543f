import type { RequestEvent } from "../events/request-event.ts";

/** How much is kept of each body, from its beginning. */
export const MAX_CAPTURED_BODY_BYTES = 10_000;
export const MAX_CAPTURE_SECONDS = 3_600;
export const MAX_CAPTURED_REQUESTS = 100;

export interface CapturedBody {
  /** Bytes that had passed when it was captured. The request's event has the total. */
  bytes: number;
  /** The first bytes, decoded, without anything that looks like a secret. Null: not kept, and `why` says why. */
  text: string | null;
  /** There was more than `text`. */
  isCut: boolean;
  /**
   * `binary`: neither UTF-8 nor of a charset that it names; `encoded`: of a coding that cannot be undone; `websocket`:
   * messages are not captured; `no-room`: the relay was short of memory.
   */
  why: "binary" | "encoded" | "websocket" | "no-room" | null;
}

export type CapturedField = readonly [name: string, value: string];

/** What one request looked like, as it went to the connector and as its answer came from there. */
export interface CapturedRequest extends Pick<
  RequestEvent,
  "requestId" | "time" | "project" | "environment" | "service" | "kind" | "method" | "path"
> {
  captureId: string;
  /** Path with its query, under the endpoint's own. */
  request: { fields: CapturedField[]; body: CapturedBody };
  /** Null: there was none from the upstream; the request's event says why. */
  response: { status: number; fields: CapturedField[]; body: CapturedBody } | null;
}
