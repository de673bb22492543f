import type { Answer, AskServer, Question } from "./ask-server.ts";
import type { ResolvConf } from "./resolv-conf.ts";

/** What became of a question that was put to the servers in turn. */
export type Verdict =
  | (Answer & { kind: "addresses" })
  /** Says which server said so. */
  | { kind: "no-data" | "no-name"; server: string }
  /** Each server's last word. Silent: not one of them refused by an answer. */
  | { kind: "failed"; silent: boolean; reasons: ReadonlyMap<string, string> };

/**
 * Puts a question to each server of resolv.conf until one answers, and to all of them again, as often as it says. A
 * server that says that there is no such name or no such record has answered. `done` is called once, and never after
 * the function returned was called.
 */
export function askInTurn(
  question: Question,
  { servers, timeoutMs, attempts }: ResolvConf,
  askServer: AskServer,
  done: (verdict: Verdict) => void,
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
