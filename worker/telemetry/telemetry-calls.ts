import type { RequestEvent } from "../../shared/request-event.ts";
import type { EventBatch } from "../events/event-batch.ts";
import type { RequestQuery } from "../history/find-requests.ts";
import type { Step } from "./traffic/traffic-series.ts";

/** What others may ask of a Telemetry object. Every answer is a promise, and may fail: it is another object. */
export interface TelemetryCalls extends Rpc.DurableObjectBranded {
  /** Once per batch, however often it comes. When it returns, the batch is stored. */
  take(batch: EventBatch): Promise<void>;

  /** Steps with traffic that begin after `sinceMs`: of ten seconds for the last hour, of a minute for the last day. */
  traffic(sinceMs: number, stepSeconds: 10 | 60): Step[];

  /** Of the requests that are kept, those that match, the newest first. */
  requests(query: RequestQuery): Promise<RequestEvent[]>;
}
