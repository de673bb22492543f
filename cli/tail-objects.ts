import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../shared/time/backoff.ts";
import type { TailMessage } from "../shared/events/tail.ts";
import { CommandError } from "./exit-code.ts";
import { type TailTarget, watchOnce } from "./tail-socket.ts";

/** How often to look for new objects of the tunnel. Each look asks all of its objects. */
const LOOK_EVERY_MS = 30_000;
/** The list may contain an object for a moment after it is gone. */
const LOOK_AGAIN_MS = 1_000;

export interface TailObjectsOptions {
  /**
   * The names of the tunnel's objects. A null in place of a name means a relay that knows only one object. Called first
   * before anything is dialled.
   */
  list: () => Promise<readonly (string | null)[]>;
  target: (object: string | null) => TailTarget;
  onMessage: (object: string | null, message: TailMessage) => Promise<void>;
  /** The connection to an object was lost. Requests are missed until it is back. */
  onLost: () => void;
  signal: AbortSignal;
}

/**
 * Watches every object of a tunnel, including those that are added later, until `signal` is aborted. Only the object that
 * carried a request reports it, so no request appears twice. Throws CommandError if the relay refuses at the start.
 */
export async function watchObjects(given: TailObjectsOptions): Promise<void> {
  const over = new AbortController();
  try {
    await watchAll({ ...given, signal: AbortSignal.any([given.signal, over.signal]) });
  } finally {
    // If one object was refused, this ends the watching of the others, and every timer.
    over.abort();
  }
}

async function watchAll(options: TailObjectsOptions): Promise<void> {
  const { signal } = options;
  const watched = new Map<string | null, Promise<void>>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  let names = await options.list();
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    let oneEnded = (): void => {};
    const someEnded = new Promise<void>((done) => (oneEnded = done));
    for (const name of names) {
      if (watched.has(name)) continue;
      const ended = watchObject(name, options, !isFirst)
        .then(() => watched.delete(name))
        .then(() => oneEnded(), failed.reject);
      watched.set(name, ended);
    }
    const lookInMs = watched.size === 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
    await Promise.race([someEnded, failed.promise, pause(lookInMs, signal)]);
    if (!signal.aborted) await pause(LOOK_AGAIN_MS, signal);
    if (!signal.aborted) names = await listedAgain(options, names);
  }
  await Promise.race([Promise.all(watched.values()), failed.promise]);
}

/** Connects again after each loss. Returns when the tunnel has no object of this name any more. */
async function watchObject(
  name: string | null,
  { target, onMessage, onLost, signal }: TailObjectsOptions,
  wasThere: boolean,
): Promise<void> {
  const backoff = new Backoff(Math.random);
  for (let isPatient = wasThere; !signal.aborted; isPatient = true) {
    let connectedMs = 0;
    try {
      connectedMs = await watchOnce({ ...target(name), isPatient }, signal, (message) =>
        onMessage(name, message),
      );
    } catch (thrown) {
      if (name !== null && isPatient && isNotFound(thrown)) return;
      throw thrown;
    }
    if (signal.aborted) return;
    onLost();
    await pause(backoff.delayAfterLossMs(connectedMs), signal);
  }
}

/** If the relay cannot be asked now, the list stays as it was. If it says that the tunnel is gone, that is thrown. */
async function listedAgain(
  { list }: TailObjectsOptions,
  before: readonly (string | null)[],
): Promise<readonly (string | null)[]> {
  try {
    return await list();
  } catch (thrown) {
    if (isNotFound(thrown)) throw thrown;
    return before;
  }
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof CommandError && thrown.failure === "notFound";
}

function pause(delayMs: number, signal: AbortSignal): Promise<unknown> {
  return sleep(delayMs, undefined, { signal }).catch(() => {});
}
