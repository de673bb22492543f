import { describe, expect, it } from "vitest";
import { connectTcp } from "./connect-tcp.ts";
import type { TunnelStreams } from "./tunnel-binding.ts";

/** A connection whose far end answers late, and fails on request. */
class FarEnd {
  readonly heard: string[] = [];
  #failure: Error | null = null;
  #reader: ReadableStreamDefaultController<Uint8Array> | null = null;

  readonly streams: TunnelStreams = {
    readable: new ReadableStream<Uint8Array>({ start: (controller) => void (this.#reader = controller) }),
    writable: new WritableStream<Uint8Array>({
      write: async (chunk) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (this.#failure !== null) throw this.#failure;
        this.heard.push(new TextDecoder().decode(chunk));
      },
      close: () => void this.heard.push("end"),
      abort: () => void this.heard.push("abort"),
    }),
  };

  cut(): void {
    this.#failure = new Error("cut");
  }

  ends(): void {
    this.#reader?.close();
  }
}

const connected = (far: FarEnd) => connectTcp({ dial: async () => far.streams }, "orders-db");
const bytes = (text: string) => new TextEncoder().encode(text);

describe("close() of connectTcp", () => {
  it.each(["held", "released"])(
    "waits for writes that were not awaited, with the writer %s",
    async (lock) => {
      const far = new FarEnd();
      const socket = connected(far);
      const writer = socket.writable.getWriter();
      const writes = ["a", "b", "c"].map((text) => writer.write(bytes(text)));
      if (lock === "released") writer.releaseLock();
      await socket.close();
      expect(far.heard).toEqual(["a", "b", "c", "end"]);
      await Promise.all([...writes, socket.closed]);
    },
  );

  it("rejects if what was written was not delivered", async () => {
    const far = new FarEnd();
    const socket = connected(far);
    const writer = socket.writable.getWriter();
    const writes = Promise.allSettled(["a", "b"].map((text) => writer.write(bytes(text))));
    far.cut();
    await expect(socket.close()).rejects.toThrow("cut");
    await expect(socket.closed).rejects.toThrow("cut");
    expect((await writes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  it("ends the connection once, however often it is called", async () => {
    const far = new FarEnd();
    const socket = connected(far);
    const writer = socket.writable.getWriter();
    await writer.write(bytes("a"));
    const ended = writer.close();
    await Promise.all([socket.close(), socket.close(), ended]);
    await socket.close();
    expect(far.heard).toEqual(["a", "end"]);
  });

  it("resolves after both directions have ended", async () => {
    const far = new FarEnd();
    const socket = connected(far);
    far.ends();
    expect((await socket.readable.getReader().read()).done).toBe(true);
    await socket.writable.close();
    await socket.closed;
    await socket.close();
    expect(far.heard).toEqual(["end"]);
  });

  it("rejects like `opened` if there is no connection, without an unhandled rejection", async () => {
    const failure = Object.assign(new Error("nobody listens"), { code: "UPSTREAM_REFUSED" });
    const socket = connectTcp({ dial: () => Promise.reject(failure) }, "orders-db");
    void socket.close();
    await expect(socket.opened).rejects.toBe(failure);
    await expect(socket.closed).rejects.toBe(failure);
    await expect(socket.close()).rejects.toBe(failure);
  });
});
