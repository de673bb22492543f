import type { RequestEvent } from "../../shared/events/request-event.ts";
import type { EventBatch } from "../events/index.ts";
import type { CaptureAnswer, CaptureEntry, StoredCapture } from "../capture/index.ts";
import type { RequestQuery } from "../history/find-requests.ts";
import type { TrafficStep } from "../telemetry/traffic/traffic-series.ts";

/** A Telemetry object's RPC methods. Every call is asynchronous and may fail, because it goes to another object. */
export interface TelemetryCalls extends Rpc.DurableObjectBranded {
  /** Stores a batch. A batch that comes again is ignored. */
  take(batch: EventBatch): Promise<void>;

  /** Steps with traffic that begin after `sinceMs`: of ten seconds for the last hour, of a minute for the last day. */
  traffic(sinceMs: number, stepSeconds: 10 | 60): TrafficStep[];

  /** Keeps a request that an object of the tunnel has captured. Only called on the object with the tunnel's own name. */
  capture(entry: CaptureEntry): Promise<CaptureAnswer>;

  /** How many are kept, by capture. */
  captureCounts(): Map<string, number>;

  /** Of one capture, in order of arrival. */
  captured(captureId: string, limit: number, afterId: number): Promise<StoredCapture[]>;

  /** The captured request of this id; null where there is none. */
  capturedRequest(requestId: string): Promise<StoredCapture | null>;

  /** Of one capture, or of all. */
  deleteCaptured(captureId: string | null): Promise<void>;

  /** Deletes what is too old, for an object that gets no more batches. */
  expire(): Promise<void>;

  /** Of the requests that are kept, those that match, the newest first. */
  requests(query: RequestQuery): Promise<RequestEvent[]>;
}
