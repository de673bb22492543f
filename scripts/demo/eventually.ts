import { setTimeout as sleep } from "node:timers/promises";

/**
 * The first polls are frequent, so that a quick result is noticed quickly. Later polls are rarer, because each costs CPU on
 * both sides.
 */
const MIN_PAUSE_MS = 15;
const MAX_PAUSE_MS = 150;

/** Polls until `probe` returns something other than null, false or undefined. Throws after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => T | null | false | undefined | Promise<T | null | false | undefined>,
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    const value = await probe();
    if (value !== null && value !== false && value !== undefined) return value;
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS + elapsedMs / 20));
  }
}
