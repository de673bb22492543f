import type { Socket } from "node:net";
import { Client } from "undici";
import type { Clock } from "../shared/clock.ts";
import { MAX_HEAD_BYTES } from "../shared/protocol/limits.ts";
import { sendHeadEarly } from "./early-head.ts";
import type { Lane, LaneEvents, LaneRequest } from "./lane.ts";
import { readBeforeFailing } from "./read-before-failing.ts";
import { ResponseStart } from "./response-start.ts";
import type { UpstreamAddress } from "./upstream-policy.ts";

/** Below the 5 s of Node's servers, the shortest that is common; a server's own hint may lengthen it. */
const IDLE_MS = 4_000;
const IDLE_MAX_MS = 60_000;

export interface Http1Options {
  target: UpstreamAddress;
  socket: Socket;
  clock: Clock;
  /** Null: a few seconds, or what the server's `Keep-Alive` says. */
  idleTimeoutMs: number | null;
  /** The exchange ended and another may follow. */
  onIdle(connection: Http1Connection): void;
  /** Called once: the socket is no more. */
  onGone(connection: Http1Connection): void;
}

/**
 * One HTTP/1.1 connection that carries one exchange at a time. undici's Client writes requests and parses responses;
 * which request goes on which connection is the pool's decision, so that an exchange knows whether its connection
 * was used before, has its own connect timeout, and can be ended at any moment.
 */
export class Http1Connection implements Lane {
  readonly openedAtMs: number;
  readonly #options: Http1Options;
  readonly #client: Client;
  readonly #responseStart = new ResponseStart();
  #broken = false;
  #servedCount = 0;

  constructor(options: Http1Options) {
    const { target, socket, clock, idleTimeoutMs } = options;
    this.#options = options;
    this.openedAtMs = clock.nowMs();
    this.#client = new Client(target.origin, {
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleTimeoutMs ?? IDLE_MS,
      keepAliveMaxTimeout: idleTimeoutMs ?? IDLE_MAX_MS,
      connect: (_options, callback) => {
        // Not at once: undici would not go on with its queue.
        queueMicrotask(() => {
          if (socket.destroyed) callback(new Error("the connection was closed"), null);
          else callback(null, socket);
        });
      },
    });
    readBeforeFailing(socket, clock);
    sendHeadEarly(socket);
    this.#watch(socket);
  }

  get reused(): boolean {
    return this.#servedCount > 0;
  }

  get broken(): boolean {
    return this.#broken;
  }

  get usable(): boolean {
    return !this.#options.socket.destroyed;
  }

  dispatch({ method, path, host, rawHeaders, body }: LaneRequest, events: LaneEvents): void {
    this.#responseStart.reset();
    const { origin } = this.#options.target;
    this.#client.dispatch({ origin, method, path, headers: ["host", host, ...rawHeaders], body }, events);
  }

  done(): void {
    this.#servedCount++;
    // Not at once: if the response said that it is the last one, undici ends the socket right after this.
    queueMicrotask(() => this.#options.onIdle(this));
  }

  abort(onTornDown: () => void): void {
    const { socket } = this.#options;
    if (socket.closed) queueMicrotask(onTornDown);
    else socket.once("close", () => onTornDown());
    this.#client.destroy(null, () => {});
    // Not left to undici, which may know nothing of the socket yet, or wait for its writes.
    socket.destroy();
  }

  destroy(): void {
    this.abort(() => {});
  }

  #watch(socket: Socket): void {
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (chunk instanceof Uint8Array) this.#responseStart.scan(chunk);
      return chunk;
    };
    socket.once("error", () => void (this.#broken = true));
    socket.once("close", () => this.#options.onGone(this));
  }
}
