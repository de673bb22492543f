import { type RecordWithTtl, Resolver } from "node:dns";
import type { Clock } from "../../shared/time/clock.ts";
import type { Address } from "./address.ts";

export interface Question {
  /** Complete: no search domain is appended. */
  name: string;
  family: 4 | 6;
}

/** One server's answer. */
export type DnsAnswer =
  | { kind: "addresses"; addresses: readonly Address[]; ttlSeconds: number }
  /** The name exists, but has no address of this family. */
  | { kind: "no-data" }
  | { kind: "no-name" }
  /** `reason` goes into error messages. Silent: no answer came, so it is worth asking again. */
  | { kind: "failed"; silent: boolean; reason: string };

/** `done` is called once, and never after a call of the returned function, which cancels the question. */
export type AskServer = (
  server: string,
  question: Question,
  timeoutMs: number,
  done: (answer: DnsAnswer) => void,
) => () => void;

/** c-ares gets more time than our own timer, which is exact, because c-ares looks at the clock only now and then. */
const LIBRARY_SLACK_MS = 2_000;

/**
 * Of one family, from one answer. More can't be tried in the time that a connection has, and names are kept: a hostile zone
 * could fill the memory.
 */
const MAX_ADDRESSES = 64;

const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: "SERVFAIL",
  EREFUSED: "REFUSED",
  ENOTIMP: "NOTIMP",
  EFORMERR: "FORMERR",
  EBADRESP: "a malformed answer",
  ECONNREFUSED: "nobody listens",
};

/**
 * Asks with c-ares, which checks that an answer belongs to its question and repeats truncated ones over TCP. Each question
 * has its own resolver, and so its own socket and port. Cancelling one leaves the others alone, and an attacker who wants to
 * forge an answer has to guess the port each time.
 */
export function serverAsker(clock: Clock): AskServer {
  return (server, { name, family }, timeoutMs, done) => {
    let settled = false;
    let cancelTimeout = (): void => {};
    let resolver: Resolver | null = null;
    const settle = (answer: DnsAnswer | null): void => {
      if (settled) return;
      settled = true;
      cancelTimeout();
      resolver?.cancel();
      if (answer !== null) done(answer);
    };
    const take = (error: NodeJS.ErrnoException | null, records: RecordWithTtl[]): void => {
      settle(error === null ? addressesOf(records, family) : failureOf(error, timeoutMs));
    };
    cancelTimeout = clock.after(timeoutMs, () => settle(silence(timeoutMs)));
    try {
      resolver = new Resolver({ timeout: timeoutMs + LIBRARY_SLACK_MS, tries: 1 });
      resolver.setServers([server]);
      if (family === 4) resolver.resolve4(name, { ttl: true }, take);
      else resolver.resolve6(name, { ttl: true }, take);
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "cannot be asked";
      // Deferred, because the caller does not have the function to cancel it yet.
      clock.soon(() => settle({ kind: "failed", silent: true, reason }));
    }
    return () => settle(null);
  };
}

function addressesOf(records: readonly RecordWithTtl[], family: 4 | 6): DnsAnswer {
  const addresses = records.slice(0, MAX_ADDRESSES).map(({ address }) => ({ address, family }));
  if (addresses.length === 0) return { kind: "no-data" };
  return { kind: "addresses", addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
}

function failureOf({ code = "" }: NodeJS.ErrnoException, timeoutMs: number): DnsAnswer {
  if (code === "ENOTFOUND") return { kind: "no-name" };
  if (code === "ENODATA") return { kind: "no-data" };
  if (code === "ETIMEOUT") return silence(timeoutMs);
  return { kind: "failed", silent: code === "ECONNREFUSED", reason: REASONS[code] ?? code };
}

function silence(timeoutMs: number): DnsAnswer {
  return { kind: "failed", silent: true, reason: `no answer within ${timeoutMs} ms` };
}
