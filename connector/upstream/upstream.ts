import type { Readable } from "node:stream";
import { IDEMPOTENT_METHODS } from "../../shared/http/methods.ts";
import type { Field } from "../../shared/protocol/head.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { faultError, guarded, guardFor } from "../platform/faults.ts";
import { dial, type DialDeps } from "./dial.ts";
import type { Lease, LeaseEvents } from "./lease.ts";
import { permit, type PermitRules, permitTarget } from "./permit.ts";
import type { UpstreamAddress } from "./policy.ts";
import { UpstreamPool } from "./pool.ts";
import { protocolsOffered, settingsFor, type UpstreamRule, type UpstreamSettings } from "./upstream-rules.ts";

export interface UpstreamRequest {
  /** For whom it is sent: no two callers share an HTTP/1.1 connection. */
  caller: string;
  /** Whose limits hold. */
  service: string;
  /** `http(s)://host[:port]`. */
  target: string;
  method: string;
  /** Latin-1, byte for byte what the request line carries. */
  path: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: string[];
  body: Buffer | Readable | null;
  /** Absent: as the upstream's settings say. */
  connectTimeoutMs?: number | undefined;
  /** Counts from when the request has been sent to the last byte. Absent: as the upstream's settings say. */
  responseTimeoutMs?: number | undefined;
}

export interface UpstreamDeps extends DialDeps, PermitRules {
  rules: readonly UpstreamRule[];
}

export interface UpstreamEvents {
  /** Names are in lower case. */
  onResponse(status: number, reason: string, fields: readonly Field[]): void;
  onData(bytes: Buffer): void;
  onEnd(trailers: readonly Field[]): void;
  /** Instead of `onEnd`. `notProcessed` is set when nothing was written. */
  onError(error: TunnelError): void;
  /** Last, whatever happened: nothing of this exchange occupies the upstream any more. */
  onTornDown(): void;
}

const UpstreamEventsGuard = guardFor<UpstreamEvents>({
  onResponse: true,
  onData: true,
  onEnd: true,
  onError: true,
  onTornDown: true,
});

const LeaseEventsGuard = guardFor<LeaseEvents>({
  onRequestStart: true,
  onRequestSent: true,
  onResponseHead: true,
  onResponseData: true,
  onResponseEnd: true,
  onLeaseError: true,
});

/** Sends requests to what the policy allows, over kept connections. */
export class Upstream {
  readonly #deps: UpstreamDeps;
  readonly #pool: UpstreamPool;

  constructor(deps: UpstreamDeps) {
    this.#deps = deps;
    this.#pool = new UpstreamPool(deps);
  }

  /** Throws BAD_REQUEST or UPSTREAM_NOT_ALLOWED, both as not processed; every later failure comes by `onError`. */
  request(request: UpstreamRequest, events: UpstreamEvents): UpstreamExchange {
    const target = permit(request, this.#deps);
    const settings = settingsFor(this.#deps.rules, target);
    return new UpstreamExchange(request, target, settings, events, this.#deps, this.#pool);
  }

  /** Opens a connection as a request would, and closes it at once. Throws as `request` does. */
  probe(origin: string, timeoutMs: number, done: (error: TunnelError | null) => void): () => void {
    const target = permitTarget(origin, this.#deps.policy);
    const settings = settingsFor(this.#deps.rules, target);
    const options = { target, settings, timeoutMs, protocols: protocolsOffered(settings) };
    return dial(options, this.#deps, (error, socket) => {
      socket?.destroy();
      done(error);
    });
  }

  /** Keeps no connection from now on: idle ones end at once, those in use with their exchange. */
  close(): void {
    this.#pool.close();
  }
}

/** One request and its response. */
export class UpstreamExchange implements LeaseEvents {
  readonly #request: UpstreamRequest;
  readonly #target: UpstreamAddress;
  readonly #events: UpstreamEvents;
  readonly #settings: UpstreamSettings;
  readonly #deps: DialDeps;
  readonly #pool: UpstreamPool;
  /** Null while it waits for one. */
  #lease: Lease | null = null;
  #cancelWait: () => void = () => {};
  #phase: "sending" | "answering" | "over" = "sending";
  /** Something may have been written. */
  #started = false;
  #retried = false;
  #faulted = false;
  #cancelResponseTimeout: (() => void) | null = null;

  constructor(
    request: UpstreamRequest,
    target: UpstreamAddress,
    settings: UpstreamSettings,
    events: UpstreamEvents,
    deps: DialDeps,
    pool: UpstreamPool,
  ) {
    this.#request = request;
    this.#target = target;
    this.#settings = settings;
    this.#events = new UpstreamEventsGuard(events, this.#onFault);
    this.#deps = deps;
    this.#pool = pool;
    this.#start(false);
  }

  pause(): void {
    if (this.#phase === "answering") this.#lease?.pause();
  }

  resume(): void {
    if (this.#phase === "answering") this.#lease?.resume();
  }

  /** Ends the exchange at once, without `onError`. */
  abort(): void {
    if (!this.#finish()) return;
    this.#tearDown();
  }

  onRequestStart(): void {
    this.#started = true;
  }

  onRequestSent(): void {
    if (this.#phase !== "sending" || this.#cancelResponseTimeout !== null) return;
    const responseTimeoutMs = this.#request.responseTimeoutMs ?? this.#settings.responseTimeoutMs;
    const timedOut = (): void => {
      const message = `${this.#target.authority} did not answer within ${responseTimeoutMs} ms`;
      this.#fail(new TunnelError("UPSTREAM_RESPONSE_TIMEOUT", message));
    };
    this.#cancelResponseTimeout = this.#deps.clock.after(responseTimeoutMs, guarded(timedOut, this.#onFault));
  }

  onResponseHead(status: number, reason: string, fields: readonly Field[]): void {
    if (this.#phase !== "sending") return;
    const problem = problemWithStatus(status);
    if (problem !== null) return this.#fail(problem);
    this.#phase = "answering";
    this.#stopWaiting();
    this.#events.onResponse(status, reason, fields);
  }

  onResponseData(bytes: Buffer): void {
    if (this.#phase === "answering") this.#events.onData(bytes);
  }

  onResponseEnd(trailers: readonly Field[]): void {
    if (!this.#finish()) return;
    this.#events.onEnd(trailers);
    this.#lease?.done();
    this.#events.onTornDown();
  }

  onLeaseError(error: Error): void {
    if (this.#phase === "over") return;
    if (this.#mayRetry(error)) {
      this.#retried = true;
      this.#stopWaiting();
      this.#started = false;
      this.#lease?.abort(() => {});
      this.#lease = null;
      this.#start(true);
    } else {
      this.#fail(this.#errorOf(error));
    }
  }

  #start(fresh: boolean): void {
    const timeoutMs = this.#request.connectTimeoutMs ?? this.#settings.connectTimeoutMs;
    const wish = { caller: this.#request.caller, timeoutMs, fresh };
    const leased = (error: TunnelError | null, lease: Lease | null): void => {
      if (lease === null) return this.#fail(this.#errorOf(error ?? new Error("no connection")));
      this.#lease = lease;
      const { method, path, rawHeaders, body } = this.#request;
      const host = this.#settings.hostHeader ?? authorityOf(this.#target);
      const events = new LeaseEventsGuard(this, this.#onFault);
      lease.dispatch({ method, path, host, rawHeaders, body }, events);
    };
    const done = guarded(leased, this.#onFault);
    this.#cancelWait = this.#pool.lease(this.#target, this.#settings, wish, done);
  }

  /** The upstream closed a kept connection just when it was used again, or refused; and sending again is safe. */
  #mayRetry(error: Error): boolean {
    const { method, body } = this.#request;
    const replayable = body === null || Buffer.isBuffer(body);
    if (this.#retried || !replayable || this.#lease?.reused !== true || this.#lease.heard) return false;
    const untouched = !this.#started || (error instanceof TunnelError && error.notProcessed);
    return untouched || IDEMPOTENT_METHODS.has(method);
  }

  #errorOf(error: Error): TunnelError {
    if (error instanceof TunnelError) return error;
    const options = { notProcessed: !this.#started, cause: error };
    return new TunnelError("UPSTREAM_PROTOCOL", `${this.#target.authority}: ${error.message}`, options);
  }

  #fail(error: TunnelError): void {
    if (!this.#finish()) return;
    this.#events.onError(error);
    this.#tearDown();
  }

  /** Its owner hears that it failed, in whatever phase it is. */
  readonly #onFault = (thrown: unknown): void => {
    this.#deps.reportFault("exchange", thrown);
    if (this.#faulted) return;
    this.#faulted = true;
    if (this.#phase === "over") this.#events.onError(faultError());
    else this.#fail(faultError());
  };

  #tearDown(): void {
    this.#cancelWait();
    if (this.#lease === null) this.#events.onTornDown();
    else this.#abortLease(this.#lease);
  }

  #abortLease(lease: Lease): void {
    try {
      lease.abort(() => this.#events.onTornDown());
    } catch (thrown) {
      this.#deps.reportFault("upstream", thrown);
      this.#events.onTornDown();
    }
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

/** RFC 9110 §15 defines five classes, and no `Response` can be made with a status outside of them. */
export function problemWithStatus(status: number): TunnelError | null {
  if (status >= 200 && status <= 599) return null;
  return new TunnelError("UPSTREAM_PROTOCOL", `the upstream answered with status ${status}`);
}

/** As it stands in a request: without the scheme's own port. */
function authorityOf({ origin }: UpstreamAddress): string {
  return origin.slice(origin.indexOf("//") + 2);
}
