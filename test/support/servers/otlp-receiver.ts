import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, string | number>;
  /** 0: unset, 1: ok, 2: error. */
  status: number;
  resource: Record<string, string | number>;
}

/** Receives traces over OTLP/HTTP in protobuf, and reads them by the field numbers of opentelemetry-proto. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { url: string; headers: IncomingHttpHeaders }[] = [];
  endpoint = "";
  /** The status to answer with. Null: no answer at all. */
  status: number | null = 200;
  readonly #server: Server;
  readonly #secure: boolean;

  constructor(tls?: { key: string; cert: string }) {
    const onRequest: RequestListener = (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        this.requests.push({ url: request.url ?? "", headers: request.headers });
        if (this.status === null) return;
        if (this.status === 200) this.spans.push(...spansOf(Buffer.concat(parts)));
        response.writeHead(this.status, { "content-type": "application/x-protobuf" }).end();
      });
    };
    this.#secure = tls !== undefined;
    this.#server = tls === undefined ? createServer(onRequest) : createHttpsServer(tls, onRequest);
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    this.endpoint = this.#secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function spansOf(request: Buffer): ReceivedSpan[] {
  return messages(request, 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1).map((message) => attributesOf(message, 1))[0] ?? {};
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => ({
        traceId: bytesOf(span, 1).toString("hex"),
        spanId: bytesOf(span, 2).toString("hex"),
        parentSpanId: bytesOf(span, 4).toString("hex"),
        name: bytesOf(span, 5).toString(),
        kind: numberOf(span, 6),
        startNs: bytesOf(span, 7).readBigUInt64LE(),
        endNs: bytesOf(span, 8).readBigUInt64LE(),
        attributes: attributesOf(span, 9),
        status: numberOf(messages(span, 15)[0] ?? Buffer.alloc(0), 3),
        resource,
      })),
    );
  });
}

function attributesOf(message: Buffer, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = fieldsOf(messages(pair, 2)[0] ?? Buffer.alloc(0))[0];
      if (value === undefined) throw new Error("an attribute without a value");
      // 1: string_value, 3: int_value.
      const read =
        value.field === 1 ? value.bytes.toString() : value.field === 3 ? Number(value.number) : "?";
      return [bytesOf(pair, 1).toString(), read];
    }),
  );
}

interface WireField {
  field: number;
  number: bigint;
  bytes: Buffer;
}

/** Protobuf's wire format: varints, fixed 32 and 64 bits, and length-delimited fields. */
function fieldsOf(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const wireType = key & 7;
    const number = wireType === 0 ? varint() : 0n;
    const length = wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : wireType === 5 ? 4 : 0;
    if (![0, 1, 2, 5].includes(wireType) || at + length > message.length) throw new Error("no protobuf");
    fields.push({ field: key >> 3, number, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

function messages(message: Buffer, field: number): Buffer[] {
  return fieldsOf(message).flatMap((each) => (each.field === field ? [each.bytes] : []));
}

function bytesOf(message: Buffer, field: number): Buffer {
  return messages(message, field)[0] ?? Buffer.alloc(0);
}

function numberOf(message: Buffer, field: number): number {
  return Number(fieldsOf(message).find((each) => each.field === field)?.number ?? 0n);
}
