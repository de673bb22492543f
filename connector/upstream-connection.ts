import type { Socket } from "node:net";
import { Client, type Dispatcher } from "undici";
import type { Clock } from "../shared/clock.ts";
import { MAX_HEAD_BYTES } from "../shared/protocol/limits.ts";
import { dial } from "./dial.ts";
import { readBeforeFailing } from "./read-before-failing.ts";
import { ResponseStart } from "./response-start.ts";
import type { UpstreamAddress, UpstreamPolicy } from "./upstream-policy.ts";

/** Below the 5 s of Node's servers, the shortest that is common; a server's own hint may lengthen it. */
const IDLE_MS = 4_000;
const IDLE_MAX_MS = 60_000;

export interface ConnectionDeps {
  policy: UpstreamPolicy;
  clock: Clock;
}

/**
 * One HTTP/1.1 connection that carries one exchange at a time. undici's Client writes requests and parses responses;
 * which request goes on which connection is the pool's decision, so that an exchange knows whether its connection
 * was used before, has its own connect timeout, and can be ended at any moment.
 */
export class UpstreamConnection {
  readonly target: UpstreamAddress;
  readonly #client: Client;
  readonly #responseStart = new ResponseStart();
  #connectTimeoutMs = 0;
  #cancelDial: (() => void) | null = null;
  #connected = false;
  #broken = false;
  #served = 0;

  constructor(target: UpstreamAddress, { policy, clock }: ConnectionDeps, onDisconnected: () => void) {
    this.target = target;
    this.#client = new Client(target.origin, {
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MAX_MS,
      connect: (_options, callback) => {
        const timeoutMs = this.#connectTimeoutMs;
        this.#cancelDial = dial({ target, policy, clock, timeoutMs }, (error, socket) => {
          this.#cancelDial = null;
          if (socket === null) return callback(error ?? new Error("no socket"), null);
          readBeforeFailing(socket, clock);
          this.#adopt(socket);
          callback(null, socket);
        });
      },
    });
    this.#client.on("disconnect", () => {
      this.#connected = false;
      onDisconnected();
    });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The socket has carried a whole exchange before: its peer may have closed it in the meantime. */
  get reused(): boolean {
    return this.#served > 0;
  }

  /** The socket had an error. undici takes a reset as the end of a body without a length; it is not. */
  get broken(): boolean {
    return this.#broken;
  }

  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    connectTimeoutMs: number,
  ): void {
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#responseStart.reset();
    this.#client.dispatch(options, handler);
  }

  /** The exchange is over and another may follow. */
  served(): void {
    this.#served++;
  }

  /** Ends everything at once; `onTornDown` is called when no socket is left. What was dispatched gets an error. */
  destroy(onTornDown: () => void = () => {}): void {
    this.#cancelDial?.();
    this.#cancelDial = null;
    this.#client.destroy(null, onTornDown);
  }

  #adopt(socket: Socket): void {
    this.#connected = true;
    this.#broken = false;
    this.#served = 0;
    this.#responseStart.reset();
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (chunk instanceof Uint8Array) this.#responseStart.scan(chunk);
      return chunk;
    };
    socket.once("error", () => void (this.#broken = true));
  }
}
