import { type ConnectionDeps, UpstreamConnection } from "./upstream-connection.ts";
import type { UpstreamAddress } from "./upstream-policy.ts";

/** As many as one relay connection may have streams: a full burst finds its connections again. */
const MAX_IDLE_PER_ORIGIN = 512;
/** Over all origins: each idle connection holds a socket here and at its upstream. */
const MAX_IDLE = 1024;

/**
 * Idle connections by origin. How many are in use is bounded by the streams that the relay may open, so nothing
 * queues here: a request takes the connection used last, or a new one.
 */
export class UpstreamPool {
  readonly #deps: ConnectionDeps;
  readonly #idle = new Map<string, UpstreamConnection[]>();
  #idleCount = 0;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  take(target: UpstreamAddress): UpstreamConnection {
    const connection = this.#idle.get(target.origin)?.pop();
    if (connection === undefined) return this.fresh(target);
    this.#idleCount--;
    return connection;
  }

  /** Never used before, for a request whose first connection turned out stale. */
  fresh(target: UpstreamAddress): UpstreamConnection {
    const connection: UpstreamConnection = new UpstreamConnection(target, this.#deps, () => {
      if (this.#removeIdle(connection)) connection.destroy();
    });
    return connection;
  }

  /** A connection whose exchange ended as it should. */
  giveBack(connection: UpstreamConnection): void {
    connection.served();
    const { origin } = connection.target;
    const idle = this.#idle.get(origin) ?? [];
    if (!connection.connected || idle.length >= MAX_IDLE_PER_ORIGIN || this.#idleCount >= MAX_IDLE) {
      return connection.destroy();
    }
    this.#idle.set(origin, idle);
    idle.push(connection);
    this.#idleCount++;
  }

  close(): void {
    for (const connections of this.#idle.values()) for (const connection of connections) connection.destroy();
    this.#idle.clear();
    this.#idleCount = 0;
  }

  #removeIdle(connection: UpstreamConnection): boolean {
    const { origin } = connection.target;
    const idle = this.#idle.get(origin);
    const at = idle?.indexOf(connection) ?? -1;
    if (idle === undefined || at === -1) return false;
    idle.splice(at, 1);
    if (idle.length === 0) this.#idle.delete(origin);
    this.#idleCount--;
    return true;
  }
}
