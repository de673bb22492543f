import { type RecordWithTtl, Resolver } from "node:dns";
import type { Clock } from "../../shared/time/clock.ts";
import type { Address } from "./address.ts";

export interface Question {
  /** Complete: nothing is put behind it. */
  name: string;
  family: 4 | 6;
}

/** What one server says. */
export type Answer =
  | { kind: "addresses"; addresses: readonly Address[]; ttlSeconds: number }
  /** The name exists, and has no address of this family. */
  | { kind: "no-data" }
  | { kind: "no-name" }
  /** `reason` is for people. Silent: it may answer another time. */
  | { kind: "failed"; silent: boolean; reason: string };

/** `done` is called once, and never after the function returned was called, which takes the question back. */
export type AskServer = (
  server: string,
  question: Question,
  timeoutMs: number,
  done: (answer: Answer) => void,
) => () => void;

/** Behind ours, which is exact: c-ares keeps its time by looking at the clock now and then. */
const LIBRARY_SLACK_MS = 2_000;

const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: "SERVFAIL",
  EREFUSED: "REFUSED",
  ENOTIMP: "NOTIMP",
  EFORMERR: "FORMERR",
  EBADRESP: "an answer that is none",
  ECONNREFUSED: "nobody listens",
};

/**
 * Asks by c-ares, which checks what comes for being the answer and repeats by TCP what was truncated. Each question has
 * a resolver, and so a socket and a port, of its own: one taken back leaves the others alone, and who wants to forge an
 * answer has to guess the port anew.
 */
export function serverAsker(clock: Clock): AskServer {
  return (server, { name, family }, timeoutMs, done) => {
    let settled = false;
    let cancelTimeout = (): void => {};
    let resolver: Resolver | null = null;
    const settle = (answer: Answer | null): void => {
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
      // Not at once: the caller has nothing to take back yet.
      clock.soon(() => settle({ kind: "failed", silent: true, reason }));
    }
    return () => settle(null);
  };
}

function addressesOf(records: readonly RecordWithTtl[], family: 4 | 6): Answer {
  const addresses = records.map(({ address }) => ({ address, family }));
  if (addresses.length === 0) return { kind: "no-data" };
  return { kind: "addresses", addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
}

function failureOf({ code = "" }: NodeJS.ErrnoException, timeoutMs: number): Answer {
  if (code === "ENOTFOUND") return { kind: "no-name" };
  if (code === "ENODATA") return { kind: "no-data" };
  if (code === "ETIMEOUT") return silence(timeoutMs);
  return { kind: "failed", silent: code === "ECONNREFUSED", reason: REASONS[code] ?? code };
}

function silence(timeoutMs: number): Answer {
  return { kind: "failed", silent: true, reason: `no answer within ${timeoutMs} ms` };
}
