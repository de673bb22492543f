import type { Agent } from "node:http";
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_TRANSPORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  HTTP_REQUEST_METHOD_VALUE_OTHER,
  NETWORK_TRANSPORT_VALUE_TCP,
} from "@opentelemetry/semantic-conventions";
import type { OpenHead } from "../../shared/protocol/index.ts";
import type { Logger, OtlpSettings } from "../platform/index.ts";
import type { RequestSummary } from "./request-summary.ts";
import type { RequestTrace, SpanCounts, TraceOutcome, Tracing } from "./request-trace.ts";
import { countedBatches } from "./span-batches.ts";

/** Time limit of one batch, including repetitions. */
const EXPORT_TIMEOUT_MS = 10_000;

/** The methods in the conventions. Any other is reported as `_OTHER`, because their number is not limited. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE".split(" "),
);

export interface OtlpTracingOptions {
  settings: OtlpSettings;
  /** Opens the connections to the endpoint. */
  agent: () => Agent;
  /** Host and port that an upstream's origin names. */
  addressOf: (target: string) => { host: string; port: number };
  /** Part of the resource. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` add to it and take precedence. */
  connectorId: string;
  tunnelId: string;
  softwareVersion: string;
  log: Logger;
}

/**
 * Traces by OpenTelemetry's SDK, sent over OTLP/HTTP in protobuf. It is loaded only if it is configured. What it needs of other rooms comes
 * as arguments, because a bundler would also load late whatever this file imports.
 */
export class OtlpTracing implements Tracing {
  readonly counts: SpanCounts = { exported: 0, failed: 0, dropped: 0 };
  readonly #ids = new AdoptingIds();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #addressOf: OtlpTracingOptions["addressOf"];

  constructor(options: OtlpTracingOptions) {
    const { settings, softwareVersion, log } = options;
    const told = resourceFromAttributes({
      [ATTR_SERVICE_NAME]: "culvert-connector",
      [ATTR_SERVICE_VERSION]: softwareVersion,
      [ATTR_SERVICE_INSTANCE_ID]: options.connectorId,
      "culvert.tunnel.id": options.tunnelId,
    });
    const exporter = new OTLPTraceExporter({
      url: settings.url,
      headers: { ...settings.headers },
      timeoutMillis: EXPORT_TIMEOUT_MS,
      httpAgentOptions: options.agent,
    });
    this.#provider = new TracerProvider({
      resource: told.merge(detectResources({ detectors: [envDetector] })),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.rootShare) }),
      idGenerator: this.#ids,
      spanProcessors: [countedBatches(exporter, this.counts, log)],
    });
    this.#tracer = this.#provider.getTracer("culvert", softwareVersion);
    this.#addressOf = options.addressOf;
  }

  trace = (open: OpenHead): RequestTrace | null => {
    const parent = parentOf(open);
    this.#ids.nextTraceId = parent.adopted;
    const span = this.#tracer.startSpan(
      `${methodOf(open)} ${open.service}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          ...commonAttributes(open),
          [ATTR_SERVER_ADDRESS]: open.service,
          ...(open.kind === "tcp" ? {} : { [ATTR_URL_PATH]: withoutQuery(open.path) }),
          "culvert.service": open.service,
          "culvert.project": open.project,
          "culvert.environment": open.environment,
          "culvert.request.id": open.requestId,
          "culvert.kind": open.kind,
        },
      },
      parent.context,
    );
    return span.isRecording() ? new OtlpRequestTrace(this.#tracer, open, span, this.#addressOf) : null;
  };

  async flush(timeoutMs: number): Promise<void> {
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    // A failure has been logged and counted by then.
    await Promise.race([this.#provider.shutdown().catch(() => {}), deadline]);
  }
}

class OtlpRequestTrace implements RequestTrace {
  readonly #tracer: Tracer;
  readonly #open: OpenHead;
  readonly #span: Span;
  readonly #addressOf: OtlpTracingOptions["addressOf"];
  #upstream: Span | null = null;

  constructor(tracer: Tracer, open: OpenHead, span: Span, addressOf: OtlpTracingOptions["addressOf"]) {
    this.#tracer = tracer;
    this.#open = open;
    this.#span = span;
    this.#addressOf = addressOf;
  }

  callUpstream(): string {
    const { target, path } = this.#open;
    const { host, port } = this.#addressOf(target);
    const upstream = this.#tracer.startSpan(
      methodOf(this.#open),
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...commonAttributes(this.#open),
          [ATTR_SERVER_ADDRESS]: host,
          [ATTR_SERVER_PORT]: port,
          [ATTR_URL_FULL]: target + withoutQuery(path),
        },
      },
      trace.setSpan(ROOT_CONTEXT, this.#span),
    );
    this.#upstream = upstream;
    const { traceId, spanId } = upstream.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  upstreamDone(outcome: TraceOutcome): void {
    if (this.#upstream !== null) this.#end(this.#upstream, outcome, 400);
    this.#upstream = null;
  }

  finish(summary: RequestSummary): void {
    this.upstreamDone(summary);
    this.#span.setAttributes({
      "culvert.request.bytes": summary.requestBytes,
      "culvert.response.bytes": summary.responseBytes,
    });
    this.#end(this.#span, summary, 500);
  }

  /** Statuses from `errorsFrom` on are errors. 4xx count as errors for a client's span, but not for a server's. */
  #end(span: Span, { status, code }: TraceOutcome, errorsFrom: number): void {
    if (status !== null && this.#open.kind !== "tcp")
      span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
    const error = code ?? (status !== null && status >= errorsFrom ? String(status) : null);
    if (error !== null) span.setAttribute(ATTR_ERROR_TYPE, error);
    // A gateway that gave up is not an error.
    if (error !== null && error !== "CANCEL") span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}

/**
 * The parent of the request's span. If the caller sent no trace and the relay made one, the trace begins here. It keeps its id, which the
 * logs also have, but has no parent, because nobody would export that.
 */
function parentOf({ fields, requestId }: OpenHead): { context: Context; adopted: string | null } {
  const traceparent = fields.find(([name]) => name === "traceparent")?.[1] ?? "";
  const parent = parseTraceParent(traceparent);
  if (parent === null) return { context: ROOT_CONTEXT, adopted: null };
  if (parent.traceId === requestId.replaceAll("-", "")) {
    return { context: ROOT_CONTEXT, adopted: parent.traceId };
  }
  return { context: trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }), adopted: null };
}

class AdoptingIds extends RandomIdGenerator {
  /** The id of the next trace that begins; null: a random one. */
  nextTraceId: string | null = null;
  readonly #random = new RandomIdGenerator();

  override generateTraceId = (): string => this.nextTraceId ?? this.#random.generateTraceId();
}

function commonAttributes(open: OpenHead): Record<string, string> {
  const scheme = { [ATTR_URL_SCHEME]: open.target.slice(0, open.target.indexOf(":")) };
  // A TCP connection has no method and no status. With HTTP's attributes it would count as a request.
  if (open.kind === "tcp") return { ...scheme, [ATTR_NETWORK_TRANSPORT]: NETWORK_TRANSPORT_VALUE_TCP };
  const method = methodOf(open);
  return {
    ...scheme,
    [ATTR_HTTP_REQUEST_METHOD]: method === "HTTP" ? HTTP_REQUEST_METHOD_VALUE_OTHER : method,
    ...(method === "HTTP" ? { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: open.method } : {}),
  };
}

/** The first word of a span's name. */
function methodOf({ kind, method }: OpenHead): string {
  if (kind === "tcp") return "TCP";
  return KNOWN_METHODS.has(method) ? method : "HTTP";
}

/** The path without its query, which may contain tokens, names or card numbers. */
function withoutQuery(path: string): string {
  return path.split("?", 1)[0] ?? "";
}
