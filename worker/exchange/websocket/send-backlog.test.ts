import { afterEach, expect, it, vi } from "vitest";
import { MemoryBudget } from "../../../shared/memory/memory-budget.ts";
import { RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES } from "../../../shared/protocol/limits.ts";
import { SendBacklog } from "./send-backlog.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("ends small backlogs before their sum exceeds the budget", () => {
  vi.useFakeTimers();
  const budget = new MemoryBudget(RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES, () => Date.now());
  const account = budget.open();
  const ended: number[] = [];
  for (let index = 0; index < 1_000; index++) {
    const stream = {
      ...{ queuedBytes: 0, sentBytes: 0, closed: false },
      discardQueued() {
        account.giveBack(this.queuedBytes);
        this.queuedBytes = 0;
      },
    };
    const backlog = new SendBacklog(stream, account, () => ended.push(index));
    for (let sent = 0; sent < 25 && !backlog.isEnded; sent++) {
      stream.queuedBytes += 10_000;
      account.hold(10_000);
      backlog.grew();
    }
    expect(budget.heldBytes).toBeLessThanOrEqual(RELAY_MEMORY_BYTES);
  }
  vi.advanceTimersByTime(1_000);
  expect(ended.length).toBeGreaterThan(700);
  expect(account.makeRoomFor(100_000)).toBe(true);
});
