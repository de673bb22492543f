import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 25;

/** Polls until `probe` gives something other than null, false or undefined; throws once `timeoutMs` has passed. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => T | null | false | undefined | Promise<T | null | false | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== false && value !== undefined) return value;
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(POLL_MS);
  }
}
