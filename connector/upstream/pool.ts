/*
 * Connections to upstreams: which one an exchange gets, and which are kept. `upstream.ts` asks it. WebSockets and TCP do not use it: they
 * have connections of their own.
 *
 * Over HTTP/1.1 a connection is kept for one caller only, so that what an upstream may have tied to a connection is never
 * another caller's. HTTP/2 connections are shared. Waiting exchanges take turns by caller.
 *
 * docs/upstreams.md; decisions 0014, 0026, 0035 and 0039.
 */
import type { Socket } from "node:net";
import { type Clock, elapsedMs, type Moment } from "../../shared/time/clock.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import type { TunnelError } from "../../shared/protocol/index.ts";
import { faultError } from "../platform/index.ts";
import { dial, type DialDeps, unreached } from "./dial.ts";
import { Http1Connection } from "./http1/index.ts";
import { Http2Connection } from "./http2/index.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Lease } from "./lease.ts";
import type { UpstreamAddress } from "./policy.ts";
import { protocolsOffered, type UpstreamSettings } from "./upstream-rules.ts";

/** About the number of streams of a relay connection, so that the next burst can reuse the connections of the last one. */
const MAX_IDLE_PER_ORIGIN = 512;
/** Over all origins, because each idle connection costs a socket here and at its upstream. */
const MAX_IDLE = 1024;
/** After this a connection is not used again, so that traffic follows changes in DNS. */
const MAX_AGE_MS = 5 * 60_000;

export interface PoolDeps extends DialDeps {
  /** The memory budget of the whole process. */
  memory: MemoryAccount;
}

export interface LeaseWish {
  /** An HTTP/1.1 connection is kept for the caller for whom it was opened. */
  caller: string;
  timeoutMs: number;
  /** Do not use a kept connection, because the last one turned out to be stale. */
  fresh: boolean;
}

export type LeaseDone = (error: TunnelError | null, lease: Lease | null) => void;

interface Waiter extends LeaseWish {
  done: LeaseDone;
  cancelTimeout: () => void;
}

/** The source of an exchange's connection. */
export interface LeaseSource {
  /**
   * `done` is called once, with a lease or with an error marked as not processed. It may be called before this returns,
   * and is never called after a call of the returned function.
   */
  lease(target: UpstreamAddress, settings: UpstreamSettings, wish: LeaseWish, done: LeaseDone): () => void;
}

/** Connections to upstreams, by origin. */
export class UpstreamPool implements LeaseSource {
  readonly #deps: PoolDeps;
  readonly #origins = new Map<string, OriginPool>();
  readonly #idle = { count: 0 };

  constructor(deps: PoolDeps) {
    this.#deps = deps;
  }

  lease(target: UpstreamAddress, settings: UpstreamSettings, wish: LeaseWish, done: LeaseDone): () => void {
    let pool = this.#origins.get(target.origin);
    if (pool === undefined) {
      pool = new OriginPool(target, settings, this.#deps, this.#idle, () => {
        this.#origins.delete(target.origin);
      });
      this.#origins.set(target.origin, pool);
    }
    return pool.lease(wish, done);
  }

  /** Keeps no connections from now on: each ends with its last exchange. */
  close(): void {
    for (const pool of this.#origins.values()) pool.close();
  }
}

/**
 * The connections to one origin. A request gets the HTTP/1.1 connection that its caller used last, or a stream on an HTTP/2
 * connection. Otherwise it waits for whichever comes first: a new connection, or one of its caller's that becomes free.
 * HTTP/1.1 does not say which request an answer belongs to. Because of that, bytes that an upstream sends in excess or too
 * late must only ever reach the caller whose request was there before.
 */
class OriginPool {
  readonly #target: UpstreamAddress;
  readonly #settings: UpstreamSettings;
  readonly #deps: PoolDeps;
  readonly #clock: Clock;
  /** Counted over all origins. */
  readonly #allIdle: { count: number };
  readonly #onEmpty: () => void;
  /** "unknown" until TLS has agreed on one. Until then only one connection is dialled. */
  #protocol: "unknown" | "http1" | "http2";
  /** The upstream speaks HTTP/2, but asked for HTTP/1.1. */
  #http1Required = false;
  #forgetHttp1Required: () => void = () => {};
  readonly #idle: Http1Connection[] = [];
  /** Connections whose exchange ended in this turn of the event loop. */
  readonly #settling: Http1Connection[] = [];
  readonly #http2 = new Set<Http2Connection>();
  /** Every connection whose socket exists. */
  #connectionCount = 0;
  /** The functions that cancel the dials under way. */
  readonly #dials = new Set<() => void>();
  /** Progress of the newest dial. */
  #dialProgress = (): string => "";
  readonly #waiters = new FairQueue<Waiter>();
  #closed = false;

  constructor(
    target: UpstreamAddress,
    settings: UpstreamSettings,
    deps: PoolDeps,
    allIdle: { count: number },
    onEmpty: () => void,
  ) {
    this.#target = target;
    this.#settings = settings;
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#allIdle = allIdle;
    this.#onEmpty = onEmpty;
    const { protocol } = settings;
    this.#protocol = protocol !== "auto" ? protocol : target.secure ? "unknown" : "http1";
  }

  lease(wish: LeaseWish, done: LeaseDone): () => void {
    const { timeoutMs } = wish;
    const lease = this.#readyLease(wish);
    if (lease !== null) {
      done(null, lease);
      return () => {};
    }
    const cancelTimeout = this.#clock.after(timeoutMs, () => {
      // Make the error first: it describes the dials, which end with their last waiter.
      const error = this.#timeout(timeoutMs);
      if (this.#forget(waiter)) done(error, null);
    });
    const waiter: Waiter = { ...wish, done, cancelTimeout };
    this.#waiters.add(waiter);
    // An idle connection of another caller makes room.
    if (this.#isFull) this.#takeIdle(null)?.destroy();
    this.#matchDials();
    return () => void this.#forget(waiter);
  }

  close(): void {
    this.#closed = true;
    this.#forgetHttp1Required();
    for (let connection = this.#takeIdle(null); connection !== null; connection = this.#takeIdle(null)) {
      connection.destroy();
    }
    for (const connection of [...this.#http2]) connection.close();
  }

  #readyLease({ fresh, caller }: LeaseWish): Lease | null {
    for (const connection of this.#http2) {
      if (this.#isOld(connection) || connection.idledOut) connection.close();
      else if (connection.hasRoom) return connection.openLease();
    }
    return fresh ? null : this.#takeIdle(caller);
  }

  /** The connection that this caller used last. For null, the one that has been idle longest, whichever caller used it. */
  #takeIdle(caller: string | null): Http1Connection | null {
    for (;;) {
      const at = caller === null ? 0 : this.#idle.findLastIndex((idle) => idle.caller === caller);
      const [connection] = at === -1 ? [] : this.#idle.splice(at, 1);
      if (connection === undefined) return null;
      this.#allIdle.count--;
      // A connection that was just closed stays in the list for a moment.
      if (connection.usable) return connection;
      connection.destroy();
    }
  }

  /** Keeps as many dials as are useful: one per waiter, or a single one if it may serve them all (HTTP/2). */
  #matchDials(): void {
    const wanted =
      this.#protocol === "http1"
        ? this.#waiters.size
        : this.#hasPromise
          ? 0
          : Math.min(1, this.#waiters.size);
    for (const cancel of [...this.#dials].slice(wanted)) cancel();
    while (this.#dials.size < wanted && !this.#isFull) this.#dial();
  }

  /** An HTTP/2 connection will soon say how many streams it allows. Another connection would not be ready sooner. */
  get #hasPromise(): boolean {
    for (const connection of this.#http2) if (connection.isPromising) return true;
    return false;
  }

  get #count(): number {
    return this.#connectionCount + this.#dials.size;
  }

  get #isFull(): boolean {
    return this.#count >= this.#settings.maxConnections;
  }

  #dial(): void {
    const timeoutMs = Math.max(...[...this.#waiters].map((waiter) => waiter.timeoutMs));
    const protocols = this.#http1Required ? ["http/1.1"] : protocolsOffered(this.#settings);
    // Whose turn is next.
    const [next] = this.#waiters;
    const caller = next?.caller ?? "";
    const options = { target: this.#target, settings: this.#settings, caller, timeoutMs, protocols };
    const abandon = dial(options, this.#deps, (error, socket) => {
      this.#dials.delete(cancel);
      try {
        if (socket === null) this.#dialFailed(error);
        else this.#connected(socket);
      } catch (thrown) {
        this.#deps.reportFault("upstream", thrown);
        socket?.destroy();
        this.#dialFailed(faultError());
      }
      this.#matchDials();
      this.#tellIfEmpty();
    });
    const cancel = (): void => {
      this.#dials.delete(cancel);
      abandon();
    };
    this.#dials.add(cancel);
    this.#dialProgress = () => abandon.progress();
  }

  #connected(socket: Socket): void {
    const agreed = "alpnProtocol" in socket ? socket.alpnProtocol : null;
    // It was dialled before that was known.
    if (agreed === "h2" && this.#http1Required) return void socket.destroy();
    if (agreed === "h2" || (!this.#target.secure && this.#protocol === "http2")) {
      this.#protocol = "http2";
      this.#addHttp2(socket);
    } else if (this.#settings.protocol === "http2") {
      socket.destroy();
      this.#dialFailed(unreached("UPSTREAM_PROTOCOL", `${this.#target.authority} does not speak HTTP/2`));
    } else {
      this.#protocol = "http1";
      this.#addHttp1(socket);
    }
  }

  #addHttp1(socket: Socket): void {
    const waiter = this.#nextWaiter();
    if (waiter === null) return void socket.destroy();
    this.#connectionCount++;
    const connection = new Http1Connection({
      socket,
      caller: waiter.caller,
      clock: this.#clock,
      memory: this.#deps.memory,
      reportFault: this.#deps.reportFault,
      idleTimeoutMs: this.#settings.idleTimeoutMs,
      onIdle: () => {
        this.#settle(connection);
        this.#keep(connection);
      },
      onGone: () => {
        const at = this.#idle.indexOf(connection);
        if (at !== -1) this.#allIdle.count -= this.#idle.splice(at, 1).length;
        this.#gone();
      },
    });
    waiter.done(null, connection);
  }

  #addHttp2(socket: Socket): void {
    this.#connectionCount++;
    const connection = new Http2Connection({
      target: this.#target,
      socket,
      clock: this.#clock,
      memory: this.#deps.memory,
      reportFault: this.#deps.reportFault,
      idleTimeoutMs: this.#settings.idleTimeoutMs,
      onRoom: () => {
        this.#serveWaiters();
        this.#matchDials();
      },
      onClosing: () => this.#http2.delete(connection),
      onGone: () => this.#gone(),
      onHttp1Required: () => this.#requireHttp1(),
    });
    this.#http2.add(connection);
    this.#serveWaiters();
    if (this.#closed) connection.close();
  }

  /** Uses HTTP/1.1 for a while, as the upstream asked. False if the settings do not allow it. */
  #requireHttp1(): boolean {
    if (this.#settings.protocol !== "auto") return false;
    this.#protocol = "http1";
    this.#http1Required = true;
    this.#forgetHttp1Required();
    this.#forgetHttp1Required = this.#clock.after(MAX_AGE_MS, () => {
      this.#protocol = "unknown";
      this.#http1Required = false;
      this.#tellIfEmpty();
    });
    for (const connection of [...this.#http2]) connection.close();
    return true;
  }

  #serveWaiters(): void {
    for (const connection of this.#http2) {
      while (connection.hasRoom) {
        const waiter = this.#nextWaiter();
        if (waiter === null) return;
        waiter.done(null, connection.openLease());
      }
    }
  }

  /** Runs once for all connections whose exchange ended in this turn. The next turn reads whatever followed the answer, even its end. */
  #settle(connection: Http1Connection): void {
    if (this.#settling.push(connection) > 1) return;
    this.#clock.soon(() => {
      const settling = this.#settling.splice(0);
      this.#clock.soon(() => {
        for (const settled of settling) settled.settle();
      });
    });
  }

  /** An HTTP/1.1 connection became free. */
  #keep(connection: Http1Connection): void {
    if (!connection.usable || this.#isOld(connection)) return connection.destroy();
    const waiter = this.#nextWaiterFor(connection);
    if (waiter !== null) {
      waiter.done(null, connection);
      this.#matchDials();
    } else if (this.#waiters.size > 0 && this.#isFull) {
      // Its place is needed for a new connection.
      connection.destroy();
    } else if (this.#closed || this.#idle.length >= MAX_IDLE_PER_ORIGIN || this.#allIdle.count >= MAX_IDLE) {
      connection.destroy();
    } else {
      this.#idle.push(connection);
      this.#allIdle.count++;
    }
  }

  /** Over HTTP/1.1, fails the waiters that no other dial is left for. Otherwise all waiters shared the dial, and all fail. */
  #dialFailed(error: TunnelError | null): void {
    const reason = error ?? unreached("UPSTREAM_REFUSED", `no connection to ${this.#target.authority}`);
    const count = this.#protocol === "http1" ? this.#waiters.size - this.#dials.size : this.#waiters.size;
    for (let i = 0; i < count; i++) this.#nextWaiter()?.done(reason, null);
  }

  #gone(): void {
    this.#connectionCount--;
    this.#matchDials();
    this.#tellIfEmpty();
  }

  /** The waiter whose turn it is. */
  #nextWaiter(): Waiter | null {
    const [waiter] = this.#waiters;
    return waiter === undefined ? null : this.#released(waiter);
  }

  /**
   * The next waiter that may use this connection. If no more can be opened, only the first waiter of all counts. Otherwise the
   * connection's caller would keep the place for as long as it has requests.
   */
  #nextWaiterFor({ caller }: Http1Connection): Waiter | null {
    if (this.#waiters.size === 0) return null;
    for (const waiter of this.#waiters) {
      if (!waiter.fresh && waiter.caller === caller) return this.#released(waiter);
      if (this.#isFull && this.#dials.size === 0) return null;
    }
    return null;
  }

  #released(waiter: Waiter): Waiter {
    this.#waiters.served(waiter);
    waiter.cancelTimeout();
    return waiter;
  }

  #forget(waiter: Waiter): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    waiter.cancelTimeout();
    this.#matchDials();
    this.#tellIfEmpty();
    return true;
  }

  #isOld({ openedAt }: { openedAt: Moment }): boolean {
    return elapsedMs(this.#clock, openedAt) > MAX_AGE_MS;
  }

  #tellIfEmpty(): void {
    if (this.#count === 0 && this.#waiters.size === 0 && !this.#http1Required) this.#onEmpty();
  }

  #timeout(timeoutMs: number): TunnelError {
    const { authority } = this.#target;
    const full = this.#connectionCount >= this.#settings.maxConnections;
    const reason = full
      ? `all ${this.#settings.maxConnections} connections to ${authority} stayed in use for ${timeoutMs} ms`
      : `no connection to ${authority} within ${timeoutMs} ms${this.#dials.size > 0 ? `: ${this.#dialProgress()}` : ""}`;
    return unreached("UPSTREAM_CONNECT_TIMEOUT", reason);
  }
}
