import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { TunnelError } from "../shared/protocol/tunnel-error.ts";
import type { ConnectionDeps, UpstreamConnection } from "./upstream-connection.ts";
import { notAllowed, parseTarget, type UpstreamAddress } from "./upstream-policy.ts";
import { UpstreamPool } from "./upstream-pool.ts";

/** Repeating one has the effect of sending it once (RFC 9110 §9.2.2). */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY"]);

export interface UpstreamRequest {
  /** `http(s)://host[:port]`. */
  target: string;
  method: string;
  /** Latin-1, byte for byte what the request line carries. */
  path: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: string[];
  body: Buffer | Readable | null;
  connectTimeoutMs: number;
  /** Counts from when the request has been sent to the last byte. */
  responseTimeoutMs: number;
}

/** Called from inside undici's parser: don't start or resume another exchange in here. */
export interface UpstreamEvents {
  onResponse(status: number, reason: string, rawFields: readonly Buffer[]): void;
  onData(bytes: Buffer): void;
  onEnd(rawTrailers: readonly Buffer[]): void;
  /** Instead of `onEnd`. `notProcessed` is set when nothing was written. */
  onError(error: TunnelError): void;
  /** Last, whatever happened: nothing of this exchange occupies the upstream any more. */
  onTornDown(): void;
}

/** Sends requests to what the policy allows, over kept connections. */
export class Upstream {
  readonly #deps: ConnectionDeps;
  readonly #pool: UpstreamPool;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    this.#pool = new UpstreamPool(deps);
  }

  /** Throws BAD_REQUEST or UPSTREAM_NOT_ALLOWED, both as not processed; every later failure comes by `onError`. */
  request(request: UpstreamRequest, events: UpstreamEvents): UpstreamExchange {
    const target = parseTarget(request.target);
    if (this.#deps.policy.allowsTarget(target) === "no") throw notAllowed(target);
    return new UpstreamExchange(request, target, events, this.#deps, this.#pool);
  }

  /** Ends idle connections; those in use end with their exchange. */
  close(): void {
    this.#pool.close();
  }
}

/** One request and its response. */
export class UpstreamExchange implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #target: UpstreamAddress;
  readonly #events: UpstreamEvents;
  readonly #deps: ConnectionDeps;
  readonly #pool: UpstreamPool;
  #connection: UpstreamConnection;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: "sending" | "answering" | "over" = "sending";
  /** Something of the response was seen, be it a 1xx. */
  #answered = false;
  #retried = false;
  #cancelResponseTimeout: (() => void) | null = null;

  constructor(
    request: UpstreamRequest,
    target: UpstreamAddress,
    events: UpstreamEvents,
    deps: ConnectionDeps,
    pool: UpstreamPool,
  ) {
    this.#request = request;
    this.#target = target;
    this.#events = events;
    this.#deps = deps;
    this.#pool = pool;
    this.#connection = pool.take(target);
    this.#dispatch();
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#phase === "answering") this.#controller?.resume();
  }

  /** Ends the exchange at once, without `onError`. */
  abort(): void {
    if (!this.#finish()) return;
    this.#connection.destroy(() => this.#events.onTornDown());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onRequestSent(): void {
    if (this.#phase !== "sending" || this.#cancelResponseTimeout !== null) return;
    const { responseTimeoutMs } = this.#request;
    this.#cancelResponseTimeout = this.#deps.clock.after(responseTimeoutMs, () => {
      const message = `${this.#target.authority} did not answer within ${responseTimeoutMs} ms`;
      this.#fail(new TunnelError("UPSTREAM_RESPONSE_TIMEOUT", message));
    });
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _parsed: unknown,
    reason: string | undefined,
  ): void {
    if (this.#phase !== "sending" || (status >= 100 && status < 200)) return;
    if (status < 200 || status > 599) {
      return this.#fail(new TunnelError("UPSTREAM_PROTOCOL", `the upstream answered with status ${status}`));
    }
    this.#phase = "answering";
    this.#stopWaiting();
    this.#events.onResponse(status, reason ?? "", buffersOf(controller.rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#phase === "answering") this.#events.onData(bytes);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#connection.broken) {
      return this.#fail(new TunnelError("UPSTREAM_PROTOCOL", "the upstream reset the connection"));
    }
    if (!this.#finish()) return;
    this.#events.onEnd(buffersOf(controller.rawTrailers));
    this.#pool.giveBack(this.#connection);
    this.#events.onTornDown();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#phase === "over") return;
    if (this.#mayRetry()) {
      this.#retried = true;
      this.#stopWaiting();
      this.#controller = null;
      this.#connection.destroy();
      this.#connection = this.#pool.fresh(this.#target);
      this.#dispatch();
    } else {
      this.#fail(this.#errorOf(error));
    }
  }

  #dispatch(): void {
    const { target: origin, method, path, rawHeaders: headers, body, connectTimeoutMs } = this.#request;
    this.#connection.dispatch({ origin, method, path, headers, body }, this, connectTimeoutMs);
  }

  /** The upstream closed a kept connection just when it was used again, and sending again is safe. */
  #mayRetry(): boolean {
    const { method, body } = this.#request;
    const repeatable = IDEMPOTENT_METHODS.has(method) && (body === null || Buffer.isBuffer(body));
    return (
      repeatable && this.#connection.reused && !this.#answered && !this.#retried && this.#controller !== null
    );
  }

  #errorOf(error: Error & { code?: string }): TunnelError {
    if (error instanceof TunnelError) return error;
    const notProcessed = this.#controller === null;
    const options = { notProcessed, cause: error };
    switch (error.code) {
      case "UND_ERR_INVALID_ARG":
      case "UND_ERR_NOT_SUPPORTED":
        return new TunnelError("BAD_REQUEST", error.message, options);
      case "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH":
        return new TunnelError(
          "STREAM_ERROR",
          "the request body is not as long as its Content-Length",
          options,
        );
      case "UND_ERR_HEADERS_OVERFLOW":
        return new TunnelError("UPSTREAM_PROTOCOL", "the response head is too large", options);
      default:
        return new TunnelError("UPSTREAM_PROTOCOL", `${this.#target.authority}: ${error.message}`, options);
    }
  }

  #fail(error: TunnelError): void {
    if (!this.#finish()) return;
    this.#events.onError(error);
    this.#connection.destroy(() => this.#events.onTornDown());
  }

  #finish(): boolean {
    if (this.#phase === "over") return false;
    this.#phase = "over";
    this.#stopWaiting();
    return true;
  }

  #stopWaiting(): void {
    this.#cancelResponseTimeout?.();
    this.#cancelResponseTimeout = null;
  }
}

function buffersOf(raw: Dispatcher.DispatchController["rawHeaders"]): readonly Buffer[] {
  return Array.isArray(raw) ? raw.filter((part) => Buffer.isBuffer(part)) : [];
}
