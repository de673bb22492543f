import type { Outcome } from "../calls/registry-calls.ts";
import type { Actor, AuditChange } from "./stores/index.ts";

/** The result of a change. */
export interface Change<T> {
  result: T;
  /** Tunnels whose objects have to get the change. */
  tunnelIds?: readonly string[];
  audit?: AuditChange;
}

/**
 * Runs `make` in a transaction with the change's audit entry and the pushes that it causes, so `make` must not call other objects. The
 * promise also waits a little until the tunnels concerned have the change.
 */
export type MakeChange = <T>(by: Actor, make: () => Change<T>) => Promise<T>;

export function done(tunnelIds: readonly string[], audit: AuditChange): Change<Outcome> {
  return { result: "done", tunnelIds, audit };
}

export function refused(result: Exclude<Outcome, "done">): Change<Outcome> {
  return { result };
}

/** The actor of changes that happen by themselves. */
export function byRelay(atMs: number): Actor {
  return { actor: "relay", address: "", atMs };
}
