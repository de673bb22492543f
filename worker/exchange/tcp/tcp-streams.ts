import { TunnelError } from "../../../shared/protocol/index.ts";
import { failureFacts, type TcpFailure } from "../../failures/tcp-failure.ts";
import type { TcpExchange } from "./tcp-exchange.ts";

/** What a gateway gets of a TCP connection. */
export interface TcpStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/**
 * The two ways of a connection. A cut rejects its reader and its writer; the writer learns the code as well. Nothing is
 * buffered here: who awaits its writes waits for the tunnel, who reads pulls from it.
 */
export function streamsOf(exchange: TcpExchange, requestId: string): TcpStreams {
  const failure = (thrown: unknown): Error => errorOf(failureFacts(TunnelError.from(thrown), requestId));
  /** False: nothing is here, and more is to come. */
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
          // A sink that fails hears of no abort, and the upstream must not take what it has for all.
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

/** The runtime hands over what came by RPC as a buffer. */
function bytesOf(chunk: Uint8Array | ArrayBuffer): Uint8Array {
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk;
}

/** As it crosses an RPC call: the runtime carries an error's own properties, and no class of ours. */
export function errorOf(facts: TcpFailure): Error {
  const { detail, ...rest } = facts;
  return Object.assign(new Error(detail), rest);
}
