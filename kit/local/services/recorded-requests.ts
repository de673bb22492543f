import type { OnFinished } from "../../../connector/telemetry/index.ts";
import type { OpenHead } from "../../../shared/protocol/index.ts";
import type { ServiceRequest } from "../types.ts";

const MAX_KEPT_BODY_BYTES = 1024 * 1024;
/** A test that sends more wants a counter, not a list. */
const MAX_KEPT_REQUESTS = 10_000;

/** What the services were asked, in order. */
export class RecordedRequests {
  readonly list: ServiceRequest[] = [];

  /** Notes a request; the function that it gives is to be told of its end. */
  started(open: OpenHead, onFinished: OnFinished): OnFinished {
    const headers = new Headers();
    for (const [name, value] of open.fields) headers.append(name, value);
    const { service, method, path, project, environment, requestId } = open;
    const request: ServiceRequest = {
      ...{ service, method, path, headers, project, environment, requestId },
      body: Buffer.alloc(0),
      outcome: null,
    };
    this.list.push(request);
    if (this.list.length > MAX_KEPT_REQUESTS) this.list.shift();
    return (summary, error) => {
      const { status, code, requestBytes, responseBytes } = summary;
      request.outcome = { status, code, requestBytes, responseBytes };
      onFinished(summary, error);
    };
  }

  /** The relay gives each request a trace, by which a handler's server tells whose body it reads. */
  gotBody(traceparent: string, bytes: Uint8Array): void {
    const traceId = traceparent.split("-")[1];
    const request = this.list.findLast(
      ({ headers }) => headers.get("traceparent")?.split("-")[1] === traceId,
    );
    if (request === undefined || request.body.length >= MAX_KEPT_BODY_BYTES) return;
    request.body = Buffer.concat([request.body, bytes]).subarray(0, MAX_KEPT_BODY_BYTES);
  }
}
