import type { Clock } from "../../shared/time/clock.ts";
import { TunnelError } from "../../shared/protocol/index.ts";
import type { Logger } from "./log.ts";

/**
 * What an unexpected exception ends: one request or WebSocket, one connection to an upstream, or one connection to the relay. "process":
 * it came from an unknown place and ends nothing.
 */
export const FAULT_SCOPES = ["exchange", "upstream", "relay", "process"] as const;
export type FaultScope = (typeof FAULT_SCOPES)[number];

export type ReportFault = (scope: FaultScope, thrown: unknown) => void;
export type OnFault = (thrown: unknown) => void;

/** A repeated exception within this time is counted but not logged, because a peer that causes one can cause thousands. */
const REPEATED_MS = 1_000;

const MESSAGES: Record<FaultScope, string> = {
  exchange: "a fault of the connector ended this exchange",
  upstream: "a fault of the connector ended a connection to an upstream",
  relay: "a fault of the connector ended a connection to the relay",
  process: "a fault of the connector",
};

/** Counts and logs unexpected exceptions. Each is a bug of the connector, and none may end its process. */
export class Faults {
  readonly counts: Record<FaultScope, number> = { exchange: 0, upstream: 0, relay: 0, process: 0 };
  readonly #log: Logger;
  readonly #clock: Clock;
  #last: { stack: string; atMs: number } | null = null;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly report: ReportFault = (scope, thrown) => {
    this.counts[scope]++;
    const stack = stackOf(thrown);
    const atMs = this.#clock.nowMs();
    const repeated =
      this.#last !== null && this.#last.stack === stack && atMs - this.#last.atMs < REPEATED_MS;
    if (repeated) return;
    this.#last = { stack, atMs };
    try {
      this.#log.error({ scope, stack }, MESSAGES[scope]);
    } catch {
      // The log itself may be failing. The exception is counted anyway.
    }
  };
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : `thrown: ${String(thrown)}`;
}

/** The error that a caller gets for a fault. It does not contain the exception's text, which might contain secrets. */
export function faultError(): TunnelError {
  return new TunnelError("INTERNAL", "an internal fault of the connector; its log has the details");
}

/** A TunnelError is a failure with a code. Anything else that was thrown is a fault. */
export function failureOf(thrown: unknown, onFault: OnFault): TunnelError {
  if (thrown instanceof TunnelError) return thrown;
  onFault(thrown);
  return faultError();
}

/** Wraps a handler that Node calls, where an exception would end the process. */
export function guarded<A extends unknown[]>(
  handler: (...args: A) => void,
  onFault: OnFault,
): (...args: A) => void {
  return (...args) => {
    try {
      handler(...args);
    } catch (thrown) {
      onFault(thrown);
    }
  };
}

/** A clock whose timers and `soon` are guarded. */
export function guardedClock(clock: Clock, onFault: OnFault): Clock {
  return {
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, run) => clock.after(delayMs, guarded(run, onFault)),
    soon: (run) => clock.soon(guarded(run, onFault)),
  };
}

type Guard<T> = new (inner: T, onFault: OnFault) => T;

/** The same for a whole set of handlers: a class whose objects pass every call on to another object. */
export function guardFor<T extends object>(methods: Record<keyof T, true>): Guard<T> {
  class HandlerGuard {
    readonly inner: T;
    readonly onFault: OnFault;

    constructor(inner: T, onFault: OnFault) {
      this.inner = inner;
      this.onFault = onFault;
    }
  }
  for (const name of Object.keys(methods) as (keyof T & string)[]) {
    const call = function (this: HandlerGuard, ...args: unknown[]): void {
      try {
        (this.inner[name] as ((...args: unknown[]) => void) | undefined)?.apply(this.inner, args);
      } catch (thrown) {
        this.onFault(thrown);
      }
    };
    Object.defineProperty(HandlerGuard.prototype, name, { value: call, writable: true });
  }
  return HandlerGuard as unknown as Guard<T>;
}
