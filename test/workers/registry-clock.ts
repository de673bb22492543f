import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { registryStub } from "../../worker/env.ts";

/** A clock that tests set, and the Registry's alarm with it. The returned function lets this much time pass. */
export function registryClock(): (byMs: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"] });
  let nowMs = Date.now();
  vi.setSystemTime(nowMs);
  return async (byMs) => {
    nowMs += byMs;
    vi.setSystemTime(nowMs);
    // Once to look, and once to send the result.
    for (let round = 0; round < 3; round++) await runDurableObjectAlarm(registryStub(env));
  };
}
