import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../shared/time/backoff.ts";
import type { TailMessage } from "../shared/events/tail.ts";
import { CommandError } from "./exit-code.ts";
import { type TailTarget, watchOnce } from "./tail-socket.ts";

/** So often it is looked whether the tunnel has got more objects: each look asks all of them. */
const LOOK_EVERY_MS = 30_000;
/** An object that is gone may stand on the list for a moment. */
const LOOK_AGAIN_MS = 1_000;

export interface TailObjectsOptions {
  /** Names of the tunnel's objects; one without a name where the relay knows of one alone; none before the first dial. */
  list: () => Promise<readonly (string | null)[]>;
  target: (object: string | null) => TailTarget;
  onMessage: (object: string | null, message: TailMessage) => Promise<void>;
  /** One was there, and is lost: what happens until it is back is not seen. */
  onLost: () => void;
  signal: AbortSignal;
}

/**
 * Watches every object of a tunnel, those that come later too, until `signal` says so. Each request is told by the one
 * object that carried it, so none comes twice. Throws CommandError where the relay refuses from the start.
 */
export async function watchObjects(given: TailObjectsOptions): Promise<void> {
  const over = new AbortController();
  try {
    await watchAll({ ...given, signal: AbortSignal.any([given.signal, over.signal]) });
  } finally {
    // Where one was refused, the others and every timer end with it.
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

/** Comes back after each loss; returns when the tunnel has no object of this name any more. */
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

/** A relay that cannot be asked now says nothing about the objects. One that knows the tunnel no more does. */
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
