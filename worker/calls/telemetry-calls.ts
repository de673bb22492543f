import type { RequestEvent } from "../../shared/events/request-event.ts";
import type { EventBatch } from "../events/index.ts";
import type { CaptureAnswer, CaptureEntry, StoredCapture } from "../capture/index.ts";
import type { RequestQuery } from "../history/find-requests.ts";
import type { TrafficStep } from "../telemetry/traffic/traffic-series.ts";

/** What others may ask of a Telemetry object. Every answer is a promise, and may fail: it is another object. */
export interface TelemetryCalls extends Rpc.DurableObjectBranded {
  /** Once per batch, however often it comes. When it returns, the batch is stored. */
  take(batch: EventBatch): Promise<void>;

  /** Steps with traffic that begin after `sinceMs`: of ten seconds for the last hour, of a minute for the last day. */
  traffic(sinceMs: number, stepSeconds: 10 | 60): TrafficStep[];

  /** Keeps one request that an object of the tunnel has captured; asked of the tunnel's own namesake alone. */
  capture(entry: CaptureEntry): Promise<CaptureAnswer>;

  /** How many are kept, by capture. */
  captureCounts(): Map<string, number>;

  /** Of one capture, in order of arrival. */
  captured(captureId: string, limit: number, afterId: number): Promise<StoredCapture[]>;

  /** The captured request of this id; null where there is none. */
  capturedRequest(requestId: string): Promise<StoredCapture | null>;

  /** Of one capture, or of all. */
  deleteCaptured(captureId: string | null): Promise<void>;

  /** Gives back what is too old, where no batch comes any more. */
  expire(): Promise<void>;

  /** Of the requests that are kept, those that match, the newest first. */
  requests(query: RequestQuery): Promise<RequestEvent[]>;
}
