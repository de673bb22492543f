import type { Outcome } from "../calls/registry-calls.ts";
import type { Actor, AuditChange } from "./stores/index.ts";

/** What came of a change. */
export interface Change<T> {
  result: T;
  /** Tunnels whose objects have to hear of it. */
  tunnelIds?: readonly string[];
  audit?: AuditChange;
}

/**
 * Runs `make` in a transaction with the change's audit entry and the pushes that it causes, so `make` calls nobody. The
 * promise also waits a little for the tunnels concerned to take the change.
 */
export type MakeChange = <T>(by: Actor, make: () => Change<T>) => Promise<T>;

export function done(tunnelIds: readonly string[], audit: AuditChange): Change<Outcome> {
  return { result: "done", tunnelIds, audit };
}

export function refused(result: Exclude<Outcome, "done">): Change<Outcome> {
  return { result };
}

/** Who does what happens by itself. */
export function byRelay(atMs: number): Actor {
  return { actor: "relay", address: "", atMs };
}
