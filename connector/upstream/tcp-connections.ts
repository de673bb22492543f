import { TunnelError } from "../../shared/protocol/index.ts";

/** Whose connections are counted, and how many there may be. */
export interface CountedBy {
  /** For people as well. */
  name: string;
  max: number;
}

/** How many TCP connections there are, of this process: those that are being dialled count. */
export class TcpConnections {
  readonly #counts = new Map<string, number>();

  /** Throws OVERLOADED, as not processed, where one is full. The result is to be called once, when it is gone. */
  enter(all: readonly CountedBy[]): () => void {
    for (const { name, max } of all) {
      if ((this.#counts.get(name) ?? 0) < max) continue;
      const message = `this connector has ${max} connections to ${name} open, as many as it may`;
      throw new TunnelError("OVERLOADED", message, { notProcessed: true });
    }
    for (const { name } of all) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      for (const { name } of all) this.#leave(name);
    };
  }

  #leave(name: string): void {
    const left = (this.#counts.get(name) ?? 1) - 1;
    if (left === 0) this.#counts.delete(name);
    else this.#counts.set(name, left);
  }
}
