import type { TunnelBinding, TunnelStreams } from "./tunnel-binding.ts";

/**
 * A TCP connection through a tunnel, in the shape of a Worker's `Socket`. There is no `startTls`, because the connector
 * does TLS.
 */
export interface TunnelSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects with a `TunnelDialError` if the connection cannot be established. */
  readonly opened: Promise<{ remoteAddress: string }>;
  /** Resolves when both directions have ended, or after `close()`. Rejects if the connection was cut. */
  readonly closed: Promise<void>;
  /**
   * Ends both directions. Resolves when everything that was written has been passed on, whether the writes were awaited or
   * not. Rejects if that is impossible. Data that was not read yet is dropped.
   */
  close(): Promise<void>;
  readonly upgraded: false;
  readonly secureTransport: "off";
}

/** How much to read at once. The runtime's default is 4 KiB. */
const READ_BYTES = 64 * 1024;

/**
 * Opens a TCP connection to a service of the tunnel, or to a host and port that a network rule allows. Await each write:
 * this is the connection's backpressure, and writes that are not awaited are lost when the request ends. The connection
 * ends with the request.
 */
export function connectTcp(binding: Pick<TunnelBinding, "dial">, address: string): TunnelSocket {
  const dialled = Promise.resolve(binding.dial(address));
  const reading = dialled.then(({ readable }) => chunksOf(readable));
  const writing = dialled.then(({ writable }) => writable.getWriter());
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  let waysLeft = 2;
  let closing: Promise<void> | null = null;
  const ended = (): void => {
    if (--waysLeft === 0) resolve();
  };
  const failed = (thrown: unknown): never => {
    reject(thrown);
    throw thrown;
  };
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await (await reading).next().catch(failed);
        if (chunk !== undefined) return controller.enqueue(chunk);
        controller.close();
        ended();
      },
      cancel: async () => {
        ended();
        await (await reading).cancel();
      },
    },
    { highWaterMark: 0 },
  );
  /**
   * Bytes that were written and not yet passed on. `size` counts them, because it is called at once, however long a write
   * waits for its turn.
   */
  let unsent = 0;
  let allSent = (): void => {};
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> => (ending ??= writing.then((writer) => writer.close()).catch(failed));
  const writable = new WritableStream<Uint8Array>(
    {
      write: async (chunk) => {
        await (await writing).write(chunk).catch(failed);
        if (--unsent === 0) allSent();
      },
      close: async () => {
        await end();
        ended();
      },
      abort: async (reason) => {
        reject(reason);
        await (await writing).abort(reason);
      },
    },
    { highWaterMark: 1, size: () => (unsent++, 1) },
  );
  const close = async (): Promise<void> => {
    // The caller may have locked the stream, so `close()` waits until what is queued in it has left.
    if (unsent > 0) await Promise.race([new Promise<void>((done) => (allSent = done)), ending ?? closed]);
    await end();
    await (await reading).cancel().catch(() => {});
    resolve();
  };
  // The streams report the failure too, so nobody has to handle these promises.
  const opened = dialled.then(() => ({ remoteAddress: address }));
  for (const told of [opened, closed, reading, writing]) told.catch(() => {});
  opened.catch(reject);
  return {
    ...{ readable, writable, opened, closed, upgraded: false, secureTransport: "off" },
    close: () => {
      closing ??= close();
      closing.catch(() => {});
      return closing;
    },
  };
}

interface Chunks {
  /** Undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

function chunksOf(readable: TunnelStreams["readable"]): Chunks {
  try {
    const reader = readable.getReader({ mode: "byob" });
    const next = async () => {
      const { value } = await reader.read(new Uint8Array(READ_BYTES));
      // When the stream has ended, it returns the buffer empty.
      return value?.byteLength === 0 ? undefined : value;
    };
    return { next, cancel: () => reader.cancel() };
  } catch {
    const reader = readable.getReader();
    return { next: async () => (await reader.read()).value, cancel: () => reader.cancel() };
  }
}
