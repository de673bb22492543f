import type { OnFinished } from "../../../connector/telemetry/index.ts";
import type { OpenHead } from "../../../shared/protocol/index.ts";
import type { ServiceRequest } from "../types.ts";

const MAX_KEPT_BODY_BYTES = 1024 * 1024;
/** A test that sends more than this needs a counter, not a list. */
const MAX_KEPT_REQUESTS = 10_000;

/** The requests that reached the services, in order. */
export class RecordedRequests {
  readonly list: ServiceRequest[] = [];

  /** Records a request. Call the returned function when the request has finished. */
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

  /** The relay gives each request a trace. By that, a handler's server knows which request's body it reads. */
  gotBody(traceparent: string, bytes: Uint8Array): void {
    const traceId = traceparent.split("-")[1];
    const request = this.list.findLast(
      ({ headers }) => headers.get("traceparent")?.split("-")[1] === traceId,
    );
    if (request === undefined || request.body.length >= MAX_KEPT_BODY_BYTES) return;
    request.body = Buffer.concat([request.body, bytes]).subarray(0, MAX_KEPT_BODY_BYTES);
  }
}
