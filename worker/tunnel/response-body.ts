import { contentLengthOf } from "../../shared/http/fields.ts";
import type { ResponseHead } from "../../shared/protocol/head.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import type { Exchange } from "./exchange.ts";
import { responseHeaders } from "./request-head.ts";

/** RFC 9110 §6.4.1: these have no body, and a Response with one would throw. */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Up to here a body that is complete is handed over as bytes. The runtime then holds it until the gateway reads, and
 * no limit of ours counts it: a longer one stays in its stream, which counts.
 */
const WHOLE_BODY_BYTES = 16 * 1024;

/**
 * The gateway's Response of an HTTP exchange whose head has arrived. A small body that is complete is handed
 * over as bytes, which is cheapest; any other is pulled through as the gateway reads it.
 */
export function responseOf(exchange: Exchange, head: ResponseHead, method: string): Response {
  const headers = responseHeaders(head.fields);
  // "manual": the body is as the upstream encoded it, and must not be encoded again.
  const init = { status: head.status, statusText: head.reason, headers, encodeBody: "manual" as const };
  if (method === "HEAD" || NULL_BODY_STATUSES.has(head.status)) {
    exchange.delivered();
    if (exchange.stream.remoteEnded) exchange.stream.stopSending();
    else exchange.stream.reset("STREAM_ERROR", "a body where there can be none");
    return new Response(null, init);
  }
  const declaredBytes = contentLengthOf(head.fields);
  const whole = exchange.wholeBody(WHOLE_BODY_BYTES);
  if (whole !== null) {
    const body = joined(whole);
    if (typeof declaredBytes === "number" && declaredBytes !== body.byteLength) throw wrongLength();
    exchange.delivered();
    return new Response(body, init);
  }
  if (typeof declaredBytes === "number") exchange.stream.expect(declaredBytes);
  return new Response(
    typeof declaredBytes === "number" ? fixedLengthBody(exchange, declaredBytes) : pulledBody(exchange),
    init,
  );
}

/** Demand goes from the gateway's reader to the connector: nothing is buffered here but the stream's own window. */
function pulledBody(exchange: Exchange): ReadableStream {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await exchange.nextChunk();
        if (chunk !== null) return controller.enqueue(chunk);
        exchange.delivered();
        controller.close();
      },
      cancel() {
        exchange.gaveUp();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream made in JavaScript loses its Content-Length; this one keeps it, and checks it. */
function fixedLengthBody(exchange: Exchange, lengthBytes: number): ReadableStream {
  const { readable, writable } = new FixedLengthStream(lengthBytes);
  const writer = writable.getWriter();
  writer.closed.catch(() => exchange.gaveUp());
  copy(exchange, writer, lengthBytes).catch((thrown: unknown) => {
    const error = TunnelError.from(thrown);
    if (error.code === "INTERNAL") exchange.gaveUp();
    else exchange.broke(error);
    // Never a clean end: the gateway must see that the body is not whole.
    writer.abort(error).catch(() => {});
  });
  return readable;
}

async function copy(
  exchange: Exchange,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  lengthBytes: number,
): Promise<void> {
  let leftBytes = lengthBytes;
  for (let chunk = await exchange.nextChunk(); chunk !== null; chunk = await exchange.nextChunk()) {
    leftBytes -= chunk.byteLength;
    if (leftBytes < 0) throw wrongLength();
    await writer.write(chunk);
  }
  if (leftBytes > 0) throw wrongLength();
  await writer.close();
  exchange.delivered();
}

function wrongLength(): TunnelError {
  return new TunnelError("UPSTREAM_PROTOCOL", "The body is not as long as its Content-Length says.");
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
