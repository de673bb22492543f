/*
 * One exchange with an upstream, over a connection from the pool. `serve-http.ts`, the health checks and `culvert doctor` call it; a
 * WebSocket handshake uses the same exchange on a connection of its own.
 *
 * It ends exactly once. "Not processed" is said only if not a byte of the request can have been acted on; a kept connection that
 * the upstream closed meanwhile is tried once more on a new one.
 *
 * docs/upstreams.md; decisions 0014, 0026 and 0035.
 */
import type { Readable } from "node:stream";
import { IDEMPOTENT_METHODS } from "../../shared/http/index.ts";
import {
  type Field,
  type StartTls,
  DEFAULT_STALL_TIMEOUT_MS,
  MAX_RESPONSE_TIMEOUT_MS,
  TunnelError,
} from "../../shared/protocol/index.ts";
import { faultError, guarded, guardFor } from "../platform/index.ts";
import { dial, type DialDeps } from "./dial.ts";
import { InterimBudget } from "./interim-budget.ts";
import type { Lease, LeaseEvents, Upgrade } from "./lease.ts";
import { permit, type PermitRules, permitTarget } from "./permit.ts";
import type { UpstreamAddress } from "./policy.ts";
import { type LeaseSource, type PoolDeps, UpstreamPool } from "./pool.ts";
import { protocolsOffered, settingsFor, type UpstreamRule, type UpstreamSettings } from "./upstream-rules.ts";

/** How often a request is sent again if it certainly was not processed. */
const MAX_UNTOUCHED_RETRIES = 2;
const PROCESSING = 102;
/** How often a 102 may restart the response time-out. An upstream that only sends 102 must not keep a request open for ever. */
const MAX_WAITS = 10;
/** A stream of events may be silent for a long time, but nobody waits for ever. */
export const SILENCE_MS = 60 * 60_000;

/** The caller of the connector's own requests. */
export const CHECKS = "culvert-check";

export interface UpstreamRequest {
  /** Whose request it is. No two callers share an HTTP/1.1 connection. */
  caller: string;
  /** The service whose limits apply. */
  service: string;
  /** `http(s)://host[:port]`. */
  target: string;
  method: string;
  /** The authority to send; null: the target's own. The upstream's settings take precedence. */
  host?: string | null;
  /** Latin-1, byte for byte what the request line carries. */
  path: string;
  /** Names and Latin-1 values in turn. Neither `host` nor hop-by-hop fields. */
  rawHeaders: string[];
  body: Buffer | Readable | null;
  /** Asks for another protocol. If the upstream switches, `onSwitched` and `onTornDown` are the exchange's last events. */
  upgrade?: Upgrade;
  /** Absent: as the upstream's settings say. */
  connectTimeoutMs?: number | undefined;
  /** How long the upstream may read nothing of a body that waits for it. Absent: the protocol's default. */
  stallTimeoutMs?: number | undefined;
  /** Counted from the moment at which the whole request was sent. Absent: as the upstream's settings say. */
  responseTimeoutMs?: number | undefined;
}

export interface UpstreamDeps extends PoolDeps, PermitRules {
  rules: readonly UpstreamRule[];
}

export interface UpstreamEvents {
  /** Names are in lower case. */
  onResponse(status: number, reason: string, fields: readonly Field[]): void;
  onData(bytes: Buffer): void;
  onEnd(trailers: readonly Field[]): void;
  /** Instead of `onEnd`. `notProcessed` is set if nothing was written. */
  onError(error: TunnelError): void;
  /** The last event in every case: the exchange no longer uses the upstream. */
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
  onInterimHead: true,
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
  probe(
    origin: string,
    timeoutMs: number,
    done: (error: TunnelError | null) => void,
    startTls: StartTls | null = null,
  ): () => void {
    const target = permitTarget(origin, this.#deps.policy);
    const settings = settingsFor(this.#deps.rules, target);
    const protocols = target.protocol === "tcp" ? [] : protocolsOffered(settings);
    const options = { target, settings, caller: CHECKS, timeoutMs, protocols, startTls };
    return dial(options, this.#deps, (error, socket) => {
      socket?.destroy();
      done(error);
    });
  }

  /** Keeps no connections from now on. Idle ones end at once, those in use with their exchange. */
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
  readonly #pool: LeaseSource;
  #body: UpstreamRequest["body"];
  /** Null while it waits for one. */
  #lease: Lease | null = null;
  #cancelWait: () => void = () => {};
  #phase: "sending" | "answering" | "over" = "sending";
  /** A part of the request may have been written. */
  #started = false;
  #faulted = false;
  #retries = 0;
  /** The whole request has been sent. */
  #sent = false;
  #sentAtMs = 0;
  /** Null: no 1xx has come. */
  #interim: InterimBudget | null = null;
  #paused = false;
  /** When bytes last moved in either direction, or when the wait for them began. */
  #movedAtMs = 0;
  /** The one timer, for the time limit of the current phase. */
  #cancelTimer: () => void = () => {};

  constructor(
    request: UpstreamRequest,
    target: UpstreamAddress,
    settings: UpstreamSettings,
    events: UpstreamEvents,
    deps: DialDeps,
    pool: LeaseSource,
  ) {
    this.#request = request;
    this.#body = request.body;
    this.#target = target;
    this.#settings = settings;
    this.#events = new UpstreamEventsGuard(events, this.#onFault);
    this.#deps = deps;
    this.#pool = pool;
    this.#start(false);
  }

  pause(): void {
    if (this.#phase !== "answering") return;
    this.#paused = true;
    this.#lease?.pause();
  }

  resume(): void {
    if (this.#phase !== "answering") return;
    this.#paused = false;
    this.#movedAtMs = this.#deps.clock.nowMs();
    this.#lease?.resume();
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
    if (this.#phase !== "sending" || this.#sent) return;
    this.#sent = true;
    this.#sentAtMs = this.#deps.clock.nowMs();
    this.#movedAtMs = this.#sentAtMs;
    this.#setTimer(this.#responseTimeoutMs);
  }

  /** 102 means that the upstream is working on the request (RFC 2518 §10.1). Other 1xx say nothing about when it will answer. */
  onInterimHead(status: number, fields: readonly Field[]): void {
    if (this.#phase !== "sending") return;
    const nowMs = this.#deps.clock.nowMs();
    this.#interim ??= new InterimBudget();
    if (!this.#interim.spend(fields, nowMs)) {
      const message = `${this.#target.authority}: too many informational responses (1xx)`;
      return this.#fail(new TunnelError("UPSTREAM_PROTOCOL", message));
    }
    if (status !== PROCESSING || !this.#sent) return;
    const lastMs = this.#sentAtMs + Math.min(MAX_WAITS * this.#responseTimeoutMs, MAX_RESPONSE_TIMEOUT_MS);
    this.#movedAtMs = Math.max(this.#movedAtMs, Math.min(nowMs, lastMs - this.#responseTimeoutMs));
  }

  onResponseHead(status: number, reason: string, fields: readonly Field[]): void {
    if (this.#phase !== "sending") return;
    const problem = problemWithStatus(status);
    if (problem !== null) return this.#fail(problem);
    this.#phase = "answering";
    this.#movedAtMs = this.#deps.clock.nowMs();
    this.#events.onResponse(status, reason, fields);
  }

  onResponseData(bytes: Buffer): void {
    if (this.#phase !== "answering") return;
    this.#movedAtMs = this.#deps.clock.nowMs();
    this.#events.onData(bytes);
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
      this.#retries++;
      this.#cancelTimer();
      if (this.#lease?.returnedBody) this.#body = this.#lease.returnedBody;
      this.#started = false;
      this.#sent = false;
      this.#lease?.abort(() => {});
      this.#lease = null;
      // By then whatever followed the refusal has been read, even the connection's end.
      this.#deps.clock.soon(guarded(() => this.#startAgain(), this.#onFault));
    } else {
      this.#fail(this.#errorOf(error));
    }
  }

  #startAgain(): void {
    if (this.#phase === "sending") return this.#start(true);
    if (this.#body !== null && !Buffer.isBuffer(this.#body)) this.#body.destroy();
  }

  #start(fresh: boolean): void {
    const timeoutMs = this.#request.connectTimeoutMs ?? this.#settings.connectTimeoutMs;
    const wish = { caller: this.#request.caller, timeoutMs, fresh };
    const leased = (error: TunnelError | null, lease: Lease | null): void => {
      if (lease === null) return this.#fail(this.#errorOf(error ?? new Error("no connection")));
      this.#lease = lease;
      this.#movedAtMs = this.#deps.clock.nowMs();
      const { method, path, rawHeaders } = this.#request;
      const host = this.#settings.hostHeader ?? this.#request.host ?? authorityOf(this.#target);
      const events = new LeaseEventsGuard(this, this.#onFault);
      const upgrade = this.#upgrade();
      lease.dispatch({ method, path, host, rawHeaders, body: this.#body, upgrade }, events);
      if (this.#phase === "sending" && !this.#sent) this.#setTimer(this.#stallTimeoutMs);
    };
    const done = guarded(leased, this.#onFault);
    this.#cancelWait = this.#pool.lease(this.#target, this.#settings, wish, done);
  }

  #upgrade(): Upgrade | undefined {
    const { upgrade } = this.#request;
    if (upgrade === undefined) return undefined;
    const onSwitched: Upgrade["onSwitched"] = (switched) => {
      if (!this.#finish()) return void switched.socket.destroy();
      // Listen first, because the new owner may close the socket at once.
      switched.socket.once("close", () => this.#events.onTornDown());
      upgrade.onSwitched(switched);
    };
    return { ...upgrade, onSwitched };
  }

  /** Whether sending again is safe: nothing was processed, or the upstream closed a kept connection just as it was reused. */
  #mayRetry(error: Error): boolean {
    const { method } = this.#request;
    const lease = this.#lease;
    if (lease === null || lease.heard) return false;
    const streamed = this.#body !== null && !Buffer.isBuffer(this.#body);
    if (streamed && lease.returnedBody === null) return false;
    if (error instanceof TunnelError && error.notProcessed) {
      return this.#retries < MAX_UNTOUCHED_RETRIES && error.code.startsWith("UPSTREAM_");
    }
    return this.#retries === 0 && lease.reused && (!this.#started || IDEMPOTENT_METHODS.has(method));
  }

  #errorOf(error: Error): TunnelError {
    if (error instanceof TunnelError) return error;
    const options = { notProcessed: !this.#started, cause: error };
    return new TunnelError("UPSTREAM_PROTOCOL", `${this.#target.authority}: ${error.message}`, options);
  }

  #fail(error: TunnelError, timedOut = false): void {
    if (!this.#finish()) return;
    this.#events.onError(error);
    this.#tearDown(timedOut);
  }

  /** Reports the failure to the owner, whatever the phase. */
  readonly #onFault = (thrown: unknown): void => {
    this.#deps.reportFault("exchange", thrown);
    if (this.#faulted) return;
    this.#faulted = true;
    if (this.#phase === "over") this.#events.onError(faultError());
    else this.#fail(faultError());
  };

  #tearDown(timedOut = false): void {
    this.#cancelWait();
    const returned = this.#lease?.returnedBody ?? null;
    if (returned !== null && !Buffer.isBuffer(returned)) returned.destroy();
    if (this.#lease === null) this.#events.onTornDown();
    else this.#abortLease(this.#lease, timedOut);
  }

  #abortLease(lease: Lease, timedOut: boolean): void {
    try {
      lease.abort(() => this.#events.onTornDown(), timedOut);
    } catch (thrown) {
      this.#deps.reportFault("upstream", thrown);
      this.#events.onTornDown();
    }
  }

  get #responseTimeoutMs(): number {
    return this.#request.responseTimeoutMs ?? this.#settings.responseTimeoutMs;
  }

  get #stallTimeoutMs(): number {
    return this.#request.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
  }

  #setTimer(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.clock.after(
      delayMs,
      guarded(() => this.#onTimer(), this.#onFault),
    );
  }

  /** One timer serves many steps: if it fires too early, it is set again for the rest. */
  #onTimer(): void {
    const { what, sinceMs, limitMs } = this.#patience;
    const leftMs = sinceMs + limitMs - this.#deps.clock.nowMs();
    // An upload may stall at any moment, so the timer must not be set further ahead than its limit.
    if (leftMs > 0) return this.#setTimer(Math.min(leftMs, this.#sent ? leftMs : this.#stallTimeoutMs));
    const message = `${this.#target.authority} ${what} within ${limitMs} ms`;
    this.#fail(new TunnelError("UPSTREAM_RESPONSE_TIMEOUT", message), true);
  }

  /** What the current phase is waiting for, since when, and for how long at most. */
  get #patience(): { what: string; sinceMs: number; limitMs: number } {
    const upload = this.#lease?.upload ?? null;
    const uploadedAtMs = upload?.movedAtMs ?? this.#movedAtMs;
    // After an early answer, the limit for the rest of the request still applies, unless the answer's reader pauses.
    const isStuck = upload?.blocked === true && !this.#paused;
    if (this.#phase === "answering" && !isStuck) {
      // While the reader pauses, the upstream is not expected to send anything.
      const sinceMs = this.#paused ? this.#deps.clock.nowMs() : Math.max(this.#movedAtMs, uploadedAtMs);
      return { what: "sent no more of its response", sinceMs, limitMs: SILENCE_MS };
    }
    if (this.#sent) {
      return { what: "did not answer", sinceMs: this.#movedAtMs, limitMs: this.#responseTimeoutMs };
    }
    const limitMs = upload?.blocked === false ? SILENCE_MS : this.#stallTimeoutMs;
    return { what: "read nothing of the request", sinceMs: uploadedAtMs, limitMs };
  }

  #finish(): boolean {
    if (this.#phase === "over") return false;
    this.#phase = "over";
    this.#cancelTimer();
    return true;
  }
}

/** RFC 9110 §15 defines five classes, and no `Response` can be made with a status outside of them. */
function problemWithStatus(status: number): TunnelError | null {
  if (status >= 200 && status <= 599) return null;
  return new TunnelError("UPSTREAM_PROTOCOL", `the upstream answered with status ${status}`);
}

/** The authority as it appears in a request, without the scheme's default port. */
function authorityOf({ origin }: UpstreamAddress): string {
  return origin.slice(origin.indexOf("//") + 2);
}
