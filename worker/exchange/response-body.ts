/*
 * An answer's body, from the stream to the gateway. `relay-request.ts` calls it once the head has arrived.
 *
 * The gateway's reading drives it: a read asks the stream, that returns credit, and credit lets the connector read on. A body
 * that broke off is an error for the gateway's reader and never a short body.
 *
 * docs/architecture.md#the-way-of-a-request; decisions 0029 and 0003.
 */
import { contentLengthOf } from "../../shared/http/index.ts";
import { type ResponseHead, publicError, TunnelError } from "../../shared/protocol/index.ts";
import type { Exchange } from "./exchange.ts";
import type { PublicLocation } from "./fields/public-location.ts";
import { responseHeaders } from "./fields/response-fields.ts";
import { publicReasonOf } from "../failures/problem.ts";

/** RFC 9110 §6.4.1: these have no body, and a Response with one would throw. */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A complete body of up to this size is handed over as bytes. The runtime then keeps it until the gateway reads it, and none of our
 * limits counts it. A longer one stays in its stream, where it counts.
 */
const WHOLE_BODY_BYTES = 16 * 1024;

/** One turn of the event loop was enough in every test. */
const HEAD_GONE_MS = 5;

/**
 * The gateway's Response of an HTTP exchange whose head has arrived. A small body that is complete is handed
 * over as bytes, which is cheapest. Any other is passed through as the gateway reads it.
 */
export function responseOf(
  exchange: Exchange,
  head: ResponseHead,
  method: string,
  { location, shownId }: { location: PublicLocation | null; shownId: string | null },
): Response {
  const headers = responseHeaders(head.fields, location, shownId);
  // "manual": the body is as the upstream encoded it, and must not be encoded again.
  const init = { status: head.status, statusText: head.reason, headers, encodeBody: "manual" as const };
  if (method === "HEAD" || NULL_BODY_STATUSES.has(head.status)) {
    exchange.delivered();
    if (exchange.stream.remoteEnded) exchange.stream.stopSending();
    else exchange.stream.reset("STREAM_ERROR", "a body that this answer cannot have");
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
  const lengthBytes = typeof declaredBytes === "number" ? declaredBytes : null;
  if (lengthBytes !== null) exchange.stream.expect(lengthBytes);
  return new Response(pulledBody(exchange, lengthBytes), init);
}

/**
 * The gateway's reader drives the connector, so nothing is buffered here beyond the stream's own window. Bytes that are already here
 * are handed over without a promise, so that the platform reads all of them at once.
 */
function pulledBody(exchange: Exchange, lengthBytes: number | null): ReadableStream<Uint8Array> {
  let receivedBytes = 0;
  /** False: nothing is here now, but more will come. */
  const hand = (controller: ReadableStreamDefaultController<Uint8Array>): boolean => {
    const chunk = exchange.readChunk();
    receivedBytes += chunk?.byteLength ?? 0;
    const isOver = chunk === null && exchange.isEnded;
    if (lengthBytes !== null && (receivedBytes > lengthBytes || (isOver && receivedBytes < lengthBytes))) {
      throw wrongLength();
    }
    if (chunk !== null) controller.enqueue(chunk);
    if (isOver) {
      exchange.delivered();
      controller.close();
    }
    return chunk !== null || isOver;
  };
  /** Never a clean end: the gateway must see that the body is not whole. */
  const fail = async (
    controller: ReadableStreamDefaultController<Uint8Array>,
    error: TunnelError,
  ): Promise<void> => {
    exchange.broke(error);
    await headGone();
    controller.error(publicError(error.code, publicReasonOf(error)));
  };
  const waitAndHand = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      do await exchange.untilReadable();
      while (!hand(controller));
    } catch (thrown) {
      await fail(controller, TunnelError.from(thrown));
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      // A property of the platform, which becomes the Content-Length.
      ...(lengthBytes === null ? {} : { expectedLength: lengthBytes }),
      pull(controller) {
        try {
          return hand(controller) ? undefined : waitAndHand(controller);
        } catch (thrown) {
          return fail(controller, TunnelError.from(thrown));
        }
      },
      cancel: () => exchange.gaveUp(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * The runtime writes the head of a Response after the first read of its body. If that read fails at once, the runtime cuts the
 * connection before it has written the head, and a caller that retries unanswered requests would send this one again.
 */
function headGone(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, HEAD_GONE_MS));
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
