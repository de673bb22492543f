import type { DnsAnswer, AskServer, Question } from "./ask-server.ts";
import type { ResolvConf } from "./resolv-conf.ts";

/** The result of asking the servers in turn. */
export type DnsVerdict =
  | (DnsAnswer & { kind: "addresses" })
  /** `server` is the one that answered. */
  | { kind: "no-data" | "no-name"; server: string }
  /** Why each server failed. Silent: none of them sent an answer. */
  | { kind: "failed"; silent: boolean; reasons: ReadonlyMap<string, string> };

/**
 * Asks the servers of resolv.conf one after the other until one answers, in as many rounds as resolv.conf says. A
 * server that reports that there is no such name or no such record has answered. `done` is called once, and never after
 * a call of the returned function.
 */
export function askInTurn(
  question: Question,
  { servers, timeoutMs, attempts }: ResolvConf,
  askServer: AskServer,
  done: (verdict: DnsVerdict) => void,
): () => void {
  const reasons = new Map<string, string>();
  let silent = true;
  let asked = 0;
  let cancel = (): void => {};
  const next = (): void => {
    const server = servers[asked % servers.length];
    if (server === undefined || asked >= servers.length * attempts) {
      return done({ kind: "failed", silent, reasons });
    }
    asked++;
    cancel = askServer(server, question, timeoutMs, (answer) => {
      if (answer.kind === "addresses") return done(answer);
      if (answer.kind !== "failed") return done({ ...answer, server });
      silent &&= answer.silent;
      reasons.set(server, answer.reason);
      next();
    });
  };
  next();
  return () => cancel();
}
