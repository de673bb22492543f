import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import { withTimeout } from "../with-timeout.ts";

/** Tests set shorter times. */
export const PATIENCE = {
  /** Nearly all answers come sooner. An upstream may take far longer, so the object is asked and not given up. */
  askAfterMs: 10_000,
  /**
   * An object that runs answers within milliseconds. One that starts or has a queue gets this time. The platform itself resets an
   * object that is blocked for 30 s.
   */
  answerWithinMs: 20_000,
};

/** The object did not answer in time. It may or may not have processed the request. */
export class SilentObjectError extends Error {
  override readonly name = "SilentObjectError";
}

/**
 * The result of `work`, or a `SilentObjectError` if the object is stuck. Only the upstream says how long an answer may take, but an
 * object that runs answers `ask` at once, and as long as it does, `work` goes on. A refusal counts as an answer.
 */
export function whileAlive<T>(work: Promise<T>, ask: () => Promise<unknown>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let timer = setTimeout(look, PATIENCE.askAfterMs);
  let isOver = false;
  function look(): void {
    const answered = ask().then(
      () => true,
      () => true,
    );
    void withTimeout(answered, PATIENCE.answerWithinMs, false).then((isAlive) => {
      if (isOver) return;
      if (isAlive) timer = setTimeout(look, PATIENCE.askAfterMs);
      else reject(new SilentObjectError("The object does not answer."));
    });
  }
  const end = (): void => {
    isOver = true;
    clearTimeout(timer);
  };
  work.then(
    (given) => {
      end();
      resolve(given);
    },
    (thrown: unknown) => {
      end();
      reject(thrown);
    },
  );
  return promise;
}

/** The object runs an older version without this method. It has processed nothing. */
export function isUnknownMethod(thrown: unknown): boolean {
  return thrown instanceof TypeError && thrown.message.includes("does not implement the method");
}

/** The error that a caller gets when an object did not answer. */
export function objectFailure(thrown: unknown, what: "connection" | "response" = "response"): TunnelError {
  const options = { cause: thrown };
  if ((thrown as { overloaded?: boolean } | null)?.overloaded === true)
    return publicError("OVERLOADED", "The tunnel's object has too many requests waiting.", options);
  if (isUnknownMethod(thrown)) {
    const message =
      "The tunnel's object still runs an older version of the relay, which does not have this call.";
    return publicError("RELAY_RESTART", message, options);
  }
  const fate = thrown instanceof SilentObjectError ? "did not answer" : "was reset";
  return publicError("RELAY_RESTART", `The tunnel's object ${fate} before the ${what} began.`, options);
}
