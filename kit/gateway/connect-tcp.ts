import type { TunnelBinding, TunnelStreams } from "./tunnel-binding.ts";

/** A TCP connection through a tunnel, in the shape of a Worker's `Socket`. TLS is the connector's: there is no `startTls`. */
export interface TunnelSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects with a `TunnelDialError` when the connection does not come to stand. */
  readonly opened: Promise<{ remoteAddress: string }>;
  /** Resolves when both ways have ended, or after `close()`. Rejects when the connection was cut. */
  readonly closed: Promise<void>;
  /**
   * Ends both ways. Resolves when all that was written has been handed on, awaited or not, and rejects when that can't be;
   * what was not read yet is dropped.
   */
  close(): Promise<void>;
  readonly upgraded: false;
  readonly secureTransport: "off";
}

/** Read at once. By itself the runtime would hand over 4 KiB. */
const READ_BYTES = 64 * 1024;

/**
 * Opens a TCP connection to a service of the tunnel, or to a host and port that a network rule opens. Await each write:
 * that is what paces it, and what is not awaited when the request ends is lost. The connection ends with the request.
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
  /** Written, and not yet handed on. Counted by `size`, which is called at once, however long a write waits for its turn. */
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
    // The stream's own lock may be the caller's, so what waits in it has to be waited for.
    if (unsent > 0) await Promise.race([new Promise<void>((done) => (allSent = done)), ending ?? closed]);
    await end();
    await (await reading).cancel().catch(() => {});
    resolve();
  };
  // Who looks at neither is told by the streams.
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
  /** Undefined: the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

function chunksOf(readable: TunnelStreams["readable"]): Chunks {
  try {
    const reader = readable.getReader({ mode: "byob" });
    const next = async () => {
      const { value } = await reader.read(new Uint8Array(READ_BYTES));
      // A stream that ended hands the buffer back with nothing in it.
      return value?.byteLength === 0 ? undefined : value;
    };
    return { next, cancel: () => reader.cancel() };
  } catch {
    const reader = readable.getReader();
    return { next: async () => (await reader.read()).value, cancel: () => reader.cancel() };
  }
}
