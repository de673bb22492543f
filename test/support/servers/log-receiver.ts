import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import * as z from "zod";

/** The receiver's answer to a request; `hang` never answers. */
export type Treatment = { status: number; headers?: Record<string, string>; body?: string } | "hang";

/** What a service of this kind requires of a request, besides valid JSON. */
interface Format {
  path: string;
  contentType: string;
  headers: Record<string, string>;
  /** Returns the request ids of the events. It throws if the service would refuse the request. */
  read: (text: string) => string[];
  accepted: Treatment;
}

const eventSchema = z.strictObject({
  event: z.literal("request"),
  version: z.literal(1),
  time: z.iso.datetime({ precision: 3 }),
  requestId: z.string().min(1),
  traceId: z.string().regex(/^(?:[0-9a-f]{32})?$/),
  tunnel: z.string(),
  project: z.string(),
  environment: z.string(),
  service: z.string(),
  kind: z.enum(["http", "websocket", "tcp"]),
  method: z.string(),
  path: z.string().startsWith("/"),
  status: z.int().min(100).max(599),
  outcome: z.enum(["answered", "refused", "failed", "aborted", "cancelled"]),
  code: z.string().nullable(),
  detail: z.string().min(1).max(256).optional(),
  connector: z.string().nullable(),
  connectorName: z.string().optional(),
  attempts: z.int().min(0),
  requestBytes: z.int().min(0),
  responseBytes: z.int().min(0),
  closeCode: z.int().optional(),
  durationMs: z.int().min(0),
  relayMs: z.int().min(0),
  tunnelMs: z.int().min(0),
  upstreamMs: z.int().min(0),
  bodyMs: z.int().min(0),
});

const nanoseconds = z.string().regex(/^\d{19}$/);

/** The JSON form of protobuf: a 64-bit integer is a string, and exactly one kind of value is set. */
const attributeSchema = z.strictObject({
  key: z.string().min(1),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ boolValue: z.boolean() }),
  ]),
});

const otlpSchema = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attributeSchema).min(1) }),
      scopeLogs: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          logRecords: z
            .array(
              z.strictObject({
                timeUnixNano: nanoseconds,
                observedTimeUnixNano: nanoseconds,
                severityNumber: z.int().min(1).max(24),
                severityText: z.enum(["INFO", "WARN", "ERROR"]),
                eventName: z.string(),
                body: z.strictObject({ stringValue: z.string() }),
                attributes: z.array(attributeSchema),
                traceId: z
                  .string()
                  .regex(/^[0-9a-f]{32}$/)
                  .optional(),
              }),
            )
            .min(1),
        }),
      ),
    }),
  ),
});

const datadogSchema = z
  .array(
    z.strictObject({
      ddsource: z.literal("culvert"),
      ddtags: z.string().regex(/^[^\s,:]+:[^\s,]*(?:,[^\s,:]+:[^\s,]+)*$/),
      hostname: z.string().min(1),
      service: z.string(),
      message: z.string().min(1),
      status: z.enum(["info", "warning", "error"]),
      timestamp: z.int(),
      duration: z.int(),
      http: z.strictObject({
        method: z.string(),
        status_code: z.int(),
        request_id: z.string(),
        url_details: z.strictObject({ path: z.string() }),
      }),
      dd: z.strictObject({ trace_id: z.string() }).optional(),
      culvert: eventSchema,
    }),
  )
  .min(1)
  .max(1000);

const splunkSchema = z.strictObject({
  time: z.number(),
  host: z.string().min(1),
  source: z.string(),
  sourcetype: z.string(),
  index: z.literal("edge"),
  event: eventSchema,
});

const lokiSchema = z.strictObject({
  streams: z
    .array(
      z.strictObject({
        stream: z
          .strictObject({
            job: z.literal("culvert"),
            level: z.enum(["info", "warning", "error"]),
            tunnel: z.string().min(1),
            project: z.string().min(1),
            environment: z.string().min(1),
            cluster: z.string().min(1),
          })
          .partial({ tunnel: true, project: true, environment: true }),
        values: z.array(z.tuple([nanoseconds, z.string()])).min(1),
      }),
    )
    .min(1),
});

function linesOf(text: string): unknown[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/** Secrets that a test searches for in places where they must not be. */
export const SECRETS = {
  otlp: "canary-otlp-bearer-0123456789",
  datadog: "canary-datadog-key-0123456789",
  splunk: "canary-splunk-token-0123456789",
  loki: "canary-loki-password-0123456789",
  webhook: "canary-webhook-signature-0123456789",
} as const;

export type ReceiverKind = keyof typeof SECRETS;

/** The settings of a destination of each kind, besides its address. */
export const SETTINGS: Record<ReceiverKind, Record<string, unknown>> = {
  otlp: { headers: { Authorization: `Bearer ${SECRETS.otlp}` } },
  datadog: { apiKey: SECRETS.datadog, tags: ["team:edge"] },
  splunk: { token: SECRETS.splunk, index: "edge" },
  loki: { tenant: "tenant-1", username: "user-1", token: SECRETS.loki, labels: { cluster: "test" } },
  webhook: { headers: { "x-signature": SECRETS.webhook } },
};

const FORMATS: Record<ReceiverKind, Format> = {
  otlp: {
    path: "/v1/logs",
    contentType: "application/json",
    headers: { authorization: `Bearer ${SECRETS.otlp}` },
    accepted: { status: 200, headers: { "content-type": "application/json" }, body: "{}" },
    read: (text) =>
      otlpSchema
        .parse(JSON.parse(text))
        .resourceLogs.flatMap(({ scopeLogs }) => scopeLogs)
        .flatMap(({ logRecords }) => logRecords)
        .map(({ attributes }) => {
          const id = attributes.find(({ key }) => key === "culvert.request_id")?.value;
          return z.strictObject({ stringValue: z.string() }).parse(id).stringValue;
        }),
  },
  datadog: {
    path: "/api/v2/logs",
    contentType: "application/json",
    headers: { "dd-api-key": SECRETS.datadog },
    accepted: { status: 202, body: "{}" },
    read: (text) => datadogSchema.parse(JSON.parse(text)).map(({ culvert }) => culvert.requestId),
  },
  splunk: {
    path: "/services/collector/event",
    contentType: "application/json",
    headers: { authorization: `Splunk ${SECRETS.splunk}` },
    accepted: { status: 200, body: '{"text":"Success","code":0}' },
    read: (text) =>
      text.split("\n").map((object) => splunkSchema.parse(JSON.parse(object) as unknown).event.requestId),
  },
  loki: {
    path: "/loki/api/v1/push",
    contentType: "application/json",
    headers: {
      "x-scope-orgid": "tenant-1",
      authorization: `Basic ${Buffer.from(`user-1:${SECRETS.loki}`).toString("base64")}`,
    },
    accepted: { status: 204 },
    read: (text) =>
      lokiSchema
        .parse(JSON.parse(text))
        .streams.flatMap(({ values }) => values)
        .map(([, line]) => eventSchema.parse(JSON.parse(line)).requestId),
  },
  webhook: {
    path: "/",
    contentType: "application/x-ndjson",
    headers: { "x-signature": SECRETS.webhook },
    accepted: { status: 200 },
    read: (text) => linesOf(text).map((line) => eventSchema.parse(line).requestId),
  },
};

/** A log service of one kind. It is as strict as it can be. */
export class LogReceiver {
  readonly kind: ReceiverKind;
  /** How often the event of each request was accepted. */
  readonly taken = new Map<string, number>();
  /** What the real service would have refused or misread. */
  readonly complaints: string[] = [];
  requests = 0;
  /** The encoding that it can read. It answers 415 to others. */
  reads: "gzip" | "identity" = "gzip";
  /** The number of requests that it could not read. */
  unread = 0;
  /** Null: accepts what is well formed. */
  treat: (text: string) => Treatment | null = () => null;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #hanging = new Set<ServerResponse>();

  constructor(kind: ReceiverKind) {
    this.kind = kind;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get hanging(): number {
    return this.#hanging.size;
  }

  /** For a `treat` that accepts a part of a request's events. */
  take(text: string): void {
    if (text !== "") this.#count(FORMATS[this.kind].read(text));
  }

  #count(ids: readonly string[]): void {
    for (const id of ids) this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
  }

  /** Ends requests that hang, and accepts new ones again. */
  mend(): void {
    this.treat = () => null;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    this.requests++;
    if ((request.headers["content-encoding"] ?? "identity") !== this.reads) {
      this.unread++;
      response.writeHead(415).end();
      return;
    }
    const { text, ids } = this.#check(request, Buffer.concat(chunks));
    const treatment = this.treat(text) ?? FORMATS[this.kind].accepted;
    if (treatment === "hang") {
      this.#hanging.add(response);
      return;
    }
    const { status, headers = {}, body = "" } = treatment;
    if (status < 300) this.#count(ids);
    response.writeHead(status, headers).end(body);
  }

  #check(request: IncomingMessage, bytes: Buffer): { text: string; ids: string[] } {
    const { path, contentType, headers, read } = FORMATS[this.kind];
    const wanted = { ...headers, "content-type": contentType };
    try {
      if (request.method !== "POST" || request.url !== path) {
        throw new Error(`${request.method} ${request.url} instead of POST ${path}`);
      }
      for (const [name, value] of Object.entries(wanted)) {
        if (request.headers[name] !== value) throw new Error(`${name}: ${String(request.headers[name])}`);
      }
      const text = (this.reads === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8");
      return { text, ids: read(text) };
    } catch (error) {
      this.complaints.push(error instanceof Error ? error.message : String(error));
      return { text: "", ids: [] };
    }
  }
}
