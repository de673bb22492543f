import { setTimeout as sleep } from "node:timers/promises";

/** What is asked for soon is seen soon. What takes seconds is asked for less often: asking costs CPU on both sides. */
const MIN_PAUSE_MS = 15;
const MAX_PAUSE_MS = 150;

/** Polls until `probe` gives something other than null, false or undefined; throws once `timeoutMs` has passed. */
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
