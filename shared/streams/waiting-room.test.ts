import { describe, expect, it } from "vitest";
import type { Clock } from "../time/clock.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { WaitingRoom } from "./waiting-room.ts";

const party = (project: string, service = "orders") => ({ project, environment: "production", service });

function world(clock: Clock) {
  const open = new Map<string, number>();
  const room = new WaitingRoom(clock, ({ project }) => open.get(project) ?? 0);
  const entered: string[] = [];
  let free = 0;
  const wait = (project: string, what = project, service?: string) =>
    room.wait(party(project, service), () => {
      entered.push(what);
      open.set(project, (open.get(project) ?? 0) + 1);
      free--;
    });
  const come = (count: number) => {
    free += count;
    room.roomCame(() => free > 0);
  };
  return { room, entered, wait, come, open };
}

describe("a waiting room", () => {
  it("lets in as many as there is room for: callers with the fewest streams first, each in its order", () => {
    const { entered, wait, come, open, room } = world(new FakeClock());
    open.set("busy", 2);
    for (const what of ["busy 1", "a 1", "a 2", "b 1", "a 3"]) wait(what.split(" ")[0] ?? "", what);
    come(1);
    expect(entered).toEqual(["a 1"]);
    come(2);
    expect(entered).toEqual(["a 1", "b 1", "a 2"]);
    come(5);
    expect(entered).toEqual(["a 1", "b 1", "a 2", "busy 1", "a 3"]);
    expect(room.isEmpty).toBe(true);
  });

  it("lets everybody try after five seconds in which nobody of the same queue got in, or after half a minute", () => {
    const clock = new FakeClock();
    const { entered, wait, come, room } = world(clock);
    for (let index = 0; index < 20; index++) wait("moves", `moves ${index}`);
    wait("stands");
    clock.advance(4_000);
    room.roomCame(({ project }) => project === "moves" && entered.length < 1);
    clock.advance(999);
    expect(entered).toEqual(["moves 0"]);
    clock.advance(1);
    expect(entered).toEqual(["moves 0", "stands"]);
    for (let atMs = 5_000; atMs < 29_000; atMs += 4_000) {
      come(0);
      room.roomCame(({ project }) => project === "moves" && entered.length < atMs / 4_000 + 2);
      clock.advance(4_000);
    }
    expect(entered.length).toBeLessThan(15);
    clock.advance(2_000);
    expect(entered.length).toBe(21);
    expect([room.isEmpty, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("does not count time in which the machine stood still", () => {
    let due: (() => void)[] = [];
    const clock: Clock = {
      ...{ nowMs: () => 0, wallMs: () => 0, soon: (run) => run() },
      after: (_delayMs, run) => {
        due.push(run);
        return () => (due = due.filter((other) => other !== run));
      },
    };
    const { entered, wait, come } = world(clock);
    wait("a");
    // However late a timer comes, it comes once.
    for (const run of due.splice(0)) run();
    expect(entered).toEqual([]);
    come(1);
    expect(entered).toEqual(["a"]);
  });

  it("holds 512; after that, the caller with the most makes room for callers with fewer", () => {
    const { wait, entered } = world(new FakeClock());
    for (let index = 0; index < 500; index++) wait("a", `a ${index}`, `service-${index % 2}`);
    for (let index = 0; index < 12; index++) wait("b", `b ${index}`);
    expect(wait("a", "too many")).toBeNull();
    expect(entered).toEqual([]);
    expect(wait("c")).not.toBeNull();
    expect(entered).toEqual(["a 498"]);
    for (let index = 0; index < 300; index++) wait("c", `c ${index}`);
    expect(entered.filter((what) => what.startsWith("a")).length).toBeGreaterThan(230);
    expect(entered.filter((what) => what.startsWith("b"))).toEqual([]);
  });

  it("forgets who goes away", () => {
    const clock = new FakeClock();
    const { wait, come, entered, room } = world(clock);
    const leave = wait("a", "gone");
    wait("a", "stays");
    leave?.();
    leave?.();
    come(2);
    expect(entered).toEqual(["stays"]);
    expect([room.isEmpty, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("copes with room that comes while it lets somebody in, and with one that fails", () => {
    const { room } = world(new FakeClock());
    const order: number[] = [];
    const hasRoom = () => order.length < 2;
    room.wait(party("a"), () => {
      order.push(1);
      room.roomCame(hasRoom);
      throw new Error("failed");
    });
    room.wait(party("a"), () => void order.push(2));
    expect(() => room.roomCame(hasRoom)).toThrow("failed");
    room.roomCame(hasRoom);
    expect(order).toEqual([1, 2]);
  });
});
