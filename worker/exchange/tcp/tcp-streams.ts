import { TunnelError } from "../../../shared/protocol/index.ts";
import { failureFacts, type TcpFailure } from "../../failures/tcp-failure.ts";
import type { TcpExchange } from "./tcp-exchange.ts";

/** What a gateway gets for a TCP connection. */
export interface TcpStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/**
 * The two directions of a connection as streams. A cut rejects the reader and the writer; the writer also gets the code. Nothing is
 * buffered here: awaited writes wait for the tunnel, and reads pull from it.
 */
export function streamsOf(exchange: TcpExchange, requestId: string): TcpStreams {
  const failure = (thrown: unknown): Error => errorOf(failureFacts(TunnelError.from(thrown), requestId));
  /** False: nothing is here now, but more will come. */
  const hand = (controller: ReadableStreamDefaultController<Uint8Array>): boolean => {
    const bytes = exchange.readNow();
    if (bytes !== null) controller.enqueue(bytes);
    else if (!exchange.isReadEnded) return false;
    if (exchange.isReadEnded) controller.close();
    return true;
  };
  const waitAndHand = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      do await exchange.untilReadable();
      while (!hand(controller));
    } catch (thrown) {
      controller.error(failure(thrown));
    }
  };
  const readable = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        try {
          return hand(controller) ? undefined : waitAndHand(controller);
        } catch (thrown) {
          controller.error(failure(thrown));
          return undefined;
        }
      },
      cancel: () => exchange.stopReading(),
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>(
    {
      write: (chunk) =>
        exchange.write(bytesOf(chunk)).catch((thrown) => {
          // A failed sink gets no `abort`, so cut here. The upstream must not mistake what it has for everything.
          exchange.abort();
          return Promise.reject(failure(thrown));
        }),
      close: () => exchange.end().catch((thrown) => Promise.reject(failure(thrown))),
      abort: () => exchange.abort(),
    },
    { highWaterMark: 1 },
  );
  return { readable, writable };
}

/** Bytes that came by RPC arrive as a buffer. */
function bytesOf(chunk: Uint8Array | ArrayBuffer): Uint8Array {
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk;
}

/** The error in a form that survives an RPC call, which keeps an error's own properties but not its class. */
export function errorOf(facts: TcpFailure): Error {
  const { detail, ...rest } = facts;
  return Object.assign(new Error(detail), rest);
}
