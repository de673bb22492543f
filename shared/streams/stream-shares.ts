import { RESERVED_STREAMS } from "../protocol/index.ts";

/** Whose stream it is, and where it leads. */
export interface StreamParty {
  project: string;
  environment: string;
  service: string;
}

/** Of the reserve, this part is for callers that have little open; the rest is for services, of whatever caller. */
const CALLERS_PART = 2 / 3;

/**
 * Who may open the next stream. A caller (project and environment) and a service each have a share: what there is,
 * divided by those that have something open. Shares that are not used are lent: whoever is alone may have all but the
 * reserve. Nothing is taken back while it is in use. But whoever is over its share gets nothing as long as only the
 * reserve is free, so what ends goes to those that are under theirs, and the less one has open, the further into the
 * reserve one may go. See docs/decisions/0039-a-share-for-each.md for the bounds that follow.
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

  /** `free`: streams that may still be opened by anybody. */
  admits(party: StreamParty, free: number): boolean {
    const total = free + this.#open;
    const reserve = reserveOf(total);
    const caller = usedShare(this.#callers, callerOf(party), total - reserve);
    const service = usedShare(this.#services, party.service, total - reserve);
    return free > reserve * (CALLERS_PART * caller + (1 - CALLERS_PART) * service);
  }

  /** Is this caller under its share while another is over its own? Then what ends next is this one's due. */
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

/** Small limits, as tests and cautious operators set them, have no reserve. */
function reserveOf(total: number): number {
  return Math.min(RESERVED_STREAMS, Math.floor(total / 16));
}

/** How much of its share this one has open; 1 is all of it, or more. */
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

/** Neither name holds a line end. */
export function callerOf({ project, environment }: StreamParty): string {
  return `${project}\n${environment}`;
}
