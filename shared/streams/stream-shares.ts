import { RESERVED_STREAMS } from "../protocol/index.ts";

/** The caller of a stream, and its service. */
export interface StreamParty {
  project: string;
  environment: string;
  service: string;
}

/** The part of the reserve for callers with few streams. The rest is for services with few streams. */
const CALLERS_PART = 2 / 3;

/**
 * Decides who may open the next stream. Each caller (project and environment) and each service has a share: all streams, divided
 * by the number of those that have any open. Unused shares are lent, so one that is alone may use everything but the reserve. A
 * stream is never taken back while it is open. But one that is over its share gets no more while only the reserve is free. So
 * streams that end go to those under their share, and the fewer streams one has, the more of the reserve it may use.
 * docs/decisions/0039-a-share-for-each.md has the bounds that follow.
 */
export class StreamShares {
  readonly #callers = new Map<string, number>();
  readonly #services = new Map<string, number>();

  #open = 0;

  opened(party: StreamParty): void {
    this.#count(party, 1);
  }

  ended(party: StreamParty): void {
    this.#count(party, -1);
  }

  /** `free`: how many streams can still be opened. */
  admits(party: StreamParty, free: number): boolean {
    const total = free + this.#open;
    const reserve = reserveOf(total);
    const caller = usedShare(this.#callers, callerOf(party), total - reserve);
    const service = usedShare(this.#services, party.service, total - reserve);
    return free > reserve * (CALLERS_PART * caller + (1 - CALLERS_PART) * service);
  }

  /** Whether this caller is under its share while another one is over its own. Then the next stream that ends is due to it. */
  isOwed(party: StreamParty, free: number): boolean {
    const caller = callerOf(party);
    const total = free + this.#open;
    const lendable = total - reserveOf(total);
    if (usedShare(this.#callers, caller, lendable) >= 1) return false;
    const sharers = this.#callers.size + (this.#callers.has(caller) ? 0 : 1);
    for (const [other, own] of this.#callers) if (other !== caller && own * sharers > lendable) return true;
    return false;
  }

  openOf(party: StreamParty): number {
    return this.#callers.get(callerOf(party)) ?? 0;
  }

  #count(party: StreamParty, change: 1 | -1): void {
    this.#open += change;
    count(this.#callers, callerOf(party), change);
    count(this.#services, party.service, change);
  }
}

/** Small limits, such as in tests, have no reserve. */
function reserveOf(total: number): number {
  return Math.min(RESERVED_STREAMS, Math.floor(total / 16));
}

/** The used part of a share; 1 if all of it is used, or more. */
function usedShare(counts: ReadonlyMap<string, number>, key: string, total: number): number {
  const own = counts.get(key) ?? 0;
  const sharers = counts.size + (counts.has(key) ? 0 : 1);
  return Math.min(1, (own * sharers) / Math.max(1, total));
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

/** A key for the caller. Neither name contains a line break. */
export function callerOf({ project, environment }: StreamParty): string {
  return `${project}\n${environment}`;
}
