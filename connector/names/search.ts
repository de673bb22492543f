import type { Address } from "./address.ts";
import { askInTurn, type DnsVerdict } from "./ask-in-turn.ts";
import type { AskServer } from "./ask-server.ts";
import type { ResolvConf } from "./resolv-conf.ts";

export interface SearchEvents {
  /** The addresses of one family. Those of the other may follow, or never come. */
  onAddresses(addresses: readonly Address[], ttlSeconds: number): void;
  /** The last event. `problem` is set if no address came, and goes into error messages. */
  onEnd(problem: string | null): void;
}

/** The names to ask for, in order. A name with a final dot is complete. */
export function candidatesOf(name: string, { search, ndots }: ResolvConf): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const dots = name.split(".").length - 1;
  const longer = search.map((suffix) => `${name}.${suffix}`);
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}

/**
 * Looks a name up in DNS as resolver(5) describes: each candidate for both families at once, until one has an address. If
 * no server answers for a candidate, the search ends, because the next candidate might mean another host. No event
 * comes after a call of the returned function.
 */
export function searchDns(
  name: string,
  conf: ResolvConf,
  askServer: AskServer,
  events: SearchEvents,
): () => void {
  const candidates = candidatesOf(name, conf);
  const failures: DnsVerdict[] = [];
  let cancel = (): void => {};
  const tryNext = (index: number): void => {
    const candidate = candidates[index];
    if (candidate === undefined) return events.onEnd(problemOf(name, failures, candidates));
    cancel = askBoth(candidate, conf, askServer, {
      onAddresses: (addresses, ttlSeconds) => events.onAddresses(addresses, ttlSeconds),
      onEnd(failure) {
        if (failure === null) return events.onEnd(null);
        failures.push(failure);
        tryNext(failure.kind === "failed" && failure.silent ? candidates.length : index + 1);
      },
    });
  };
  tryNext(0);
  return () => cancel();
}

interface BothEvents {
  onAddresses: SearchEvents["onAddresses"];
  /** Null: an address came. */
  onEnd(failure: DnsVerdict | null): void;
}

/** Asks for A and AAAA at once. "No such name" for one of them is true for both (RFC 8020). */
function askBoth(name: string, conf: ResolvConf, askServer: AskServer, events: BothEvents): () => void {
  const pending = new Map<4 | 6, () => void>();
  let found = false;
  let worst: DnsVerdict | null = null;
  const take = (family: 4 | 6, verdict: DnsVerdict): void => {
    pending.delete(family);
    if (verdict.kind === "addresses") {
      found = true;
      events.onAddresses(verdict.addresses, verdict.ttlSeconds);
    } else if (worst === null || WEIGHT[verdict.kind] > WEIGHT[worst.kind]) {
      worst = verdict;
    }
    if (verdict.kind === "no-name" && family === 4 && !found) {
      cancel();
      worst = verdict;
    }
    if (pending.size === 0) events.onEnd(found ? null : worst);
  };
  const cancel = (): void => {
    for (const takeBack of pending.values()) takeBack();
    pending.clear();
  };
  for (const family of [6, 4] as const) {
    pending.set(
      family,
      askInTurn({ name, family }, conf, askServer, (verdict) => take(family, verdict)),
    );
  }
  return cancel;
}

/** Which failure explains best why there is no address: the highest weight. */
const WEIGHT: Readonly<Record<DnsVerdict["kind"], number>> = {
  addresses: 0,
  "no-name": 1,
  "no-data": 2,
  failed: 3,
};

function problemOf(name: string, failures: readonly DnsVerdict[], candidates: readonly string[]): string {
  const worst = failures.reduce<DnsVerdict | null>(
    (before, next) => (before === null || WEIGHT[next.kind] > WEIGHT[before.kind] ? next : before),
    null,
  );
  const asked = candidates.slice(0, failures.length);
  const names =
    asked.length === 1 && asked[0] === name.replace(/\.$/, "") ? "" : `; asked for ${asked.join(", ")}`;
  return `${name} has no address: ${worst === null ? "no server was asked" : described(worst)}${names}`;
}

function described(verdict: DnsVerdict): string {
  switch (verdict.kind) {
    case "addresses":
      return "none";
    case "no-name":
      return `there is no such name (NXDOMAIN), according to DNS server ${verdict.server}`;
    case "no-data":
      return `the name has no A or AAAA record, according to DNS server ${verdict.server}`;
    case "failed":
      return Array.from(verdict.reasons, ([server, reason]) => `DNS server ${server}: ${reason}`).join(", ");
  }
}
