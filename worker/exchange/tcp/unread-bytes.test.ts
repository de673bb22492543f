import { expect, it, vi } from "vitest";
import { MemoryBudget } from "../../../shared/memory/memory-budget.ts";
import { UnreadBytes } from "./unread-bytes.ts";

const KIB = 1024;
/** What a message costs besides its bytes. */
const EACH = 128;

it("counts what a client has not read, waits beyond a limit, and gives it back at the end", async () => {
  vi.useFakeTimers();
  try {
    const budget = new MemoryBudget(8 * 1024 * KIB, 0, () => 0);
    const socket = { bufferedAmount: 200 * KIB };
    const unread = new UnreadBytes(socket, budget.open());
    await unread.untilRoom(200 * KIB);
    expect(budget.heldBytes).toBe(200 * KIB + EACH);
    socket.bufferedAmount = 300 * KIB;
    let mayGoOn = false;
    const waiting = unread.untilRoom(100 * KIB).then(() => (mayGoOn = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect([budget.heldBytes, mayGoOn]).toEqual([300 * KIB + 2 * EACH, false]);
    socket.bufferedAmount = 100 * KIB;
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
    expect(budget.heldBytes).toBe(100 * KIB + EACH);
    // Nothing more is sent, and it goes all the same.
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect([budget.heldBytes, vi.getTimerCount()]).toEqual([0, 0]);
    socket.bufferedAmount = 300 * KIB;
    const left = unread.untilRoom(300 * KIB);
    unread.over();
    await vi.advanceTimersByTimeAsync(100);
    await left;
    expect([budget.heldBytes, vi.getTimerCount()]).toEqual([0, 0]);
  } finally {
    vi.useRealTimers();
  }
});
