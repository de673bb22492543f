import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { registryStub } from "../../worker/env.ts";

/** A clock that tests set, and the Registry's alarm with it: what is returned lets so much time go by. */
export function registryClock(): (byMs: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"] });
  let nowMs = Date.now();
  vi.setSystemTime(nowMs);
  return async (byMs) => {
    nowMs += byMs;
    vi.setSystemTime(nowMs);
    // Once to look, once to send what that came to.
    for (let round = 0; round < 3; round++) await runDurableObjectAlarm(registryStub(env));
  };
}
