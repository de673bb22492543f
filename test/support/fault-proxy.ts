import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

interface Pair {
  near: Socket;
  far: Socket;
}

/** A network between a connector and the relay that fails on demand. Bytes that it drops are never delivered. */
export class FaultProxy {
  /** The delay of each piece of data, in each direction. */
  delayMs = 0;
  /** The bandwidth of each connection, in each direction. */
  bytesPerMs = Infinity;
  /** Packets vanish in both directions, and neither side is told. */
  blackHole = false;
  /** New connections are refused. */
  down = false;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((near) => this.#join(near));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets every connection on both sides. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Ends the connector's side only. The relay keeps a connection that leads nowhere. */
  halfOpen(): void {
    for (const pair of [...this.#pairs]) {
      this.#pairs.delete(pair);
      pair.near.removeAllListeners("close");
      pair.near.resetAndDestroy();
      pair.far.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket): void {
    if (this.down) return void near.resetAndDestroy();
    const far = connect(this.#targetPort, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    void this.#pump(near, far);
    void this.#pump(far, near);
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#pairs.delete(pair);
        // A black hole drops the news of the end as well.
        if (this.blackHole) return;
        near.destroy();
        far.destroy();
      });
    }
  }

  async #pump(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) {
        if (this.delayMs > 0) await sleep(this.delayMs);
        const takesMs = (chunk as Buffer).byteLength / this.bytesPerMs;
        if (takesMs > 0) await sleep(takesMs);
        if (this.blackHole) continue;
        if (!to.write(chunk as Buffer)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
    } catch {
      // The socket emits `close` next, which is handled above.
    }
  }
}
