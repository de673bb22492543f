import { TunnelError } from "../../shared/protocol/index.ts";

/** A limit on connections: for whom, and how many. */
export interface CountedBy {
  /** Also appears in error messages. */
  name: string;
  max: number;
}

/** Counts this process's TCP connections, including those that are being dialled. */
export class TcpConnections {
  readonly #counts = new Map<string, number>();

  /** Throws OVERLOADED, as not processed, if a limit is reached. Call the returned function once, when the connection is gone. */
  enter(all: readonly CountedBy[]): () => void {
    for (const { name, max } of all) {
      if ((this.#counts.get(name) ?? 0) < max) continue;
      const message = `this connector has ${max} connections to ${name} open, which is its limit`;
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
