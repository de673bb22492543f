import { describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { WaitingRoom } from "./waiting-room.ts";

interface Party {
  name: string;
}

function world() {
  const clock = new FakeClock();
  const open = new Map<string, number>();
  const room = new WaitingRoom<Party>(clock, ({ name }) => open.get(name) ?? 0);
  const entered: string[] = [];
  let free = 0;
  const wait = (name: string, what = name) =>
    room.wait(name, { name }, () => {
      entered.push(what);
      open.set(name, (open.get(name) ?? 0) + 1);
      free--;
      return what;
    });
  const come = (count: number) => {
    free += count;
    room.roomCame(() => free > 0);
  };
  return { clock, room, entered, wait, come, open };
}

describe("WaitingRoom", () => {
  it("lets in as many as there is room for, each line in its order, who has least open first", async () => {
    const { entered, wait, come, open, room } = world();
    open.set("busy", 2);
    const all = [
      wait("busy", "busy 1"),
      wait("a", "a 1"),
      wait("a", "a 2"),
      wait("b", "b 1"),
      wait("a", "a 3"),
    ];
    come(1);
    expect(entered).toEqual(["a 1"]);
    come(2);
    expect(entered).toEqual(["a 1", "b 1", "a 2"]);
    come(5);
    expect(entered).toEqual(["a 1", "b 1", "a 2", "busy 1", "a 3"]);
    expect(await Promise.all(all)).toEqual(["busy 1", "a 1", "a 2", "b 1", "a 3"]);
    expect(room.isEmpty("a")).toBe(true);
  });

  it("lets everybody try after five seconds, and tells what comes of that", async () => {
    const { clock, room } = world();
    const refused = room.wait("a", { name: "a" }, () => {
      throw new Error("no room");
    });
    refused.catch(() => {});
    clock.advance(4_999);
    expect(room.isEmpty("a")).toBe(false);
    clock.advance(1);
    await expect(refused).rejects.toThrow("no room");
    expect(room.isEmpty("a")).toBe(true);
  });

  it("takes 512 and no more", () => {
    const { room, wait } = world();
    for (let index = 0; index < 512; index++) void wait("a");
    expect(room.isFull).toBe(true);
  });

  it("is not confused by room that comes while it lets somebody in", async () => {
    const { room } = world();
    const order: number[] = [];
    const hasRoom = () => order.length < 2;
    const first = room.wait("a", { name: "a" }, () => {
      order.push(1);
      room.roomCame(hasRoom);
    });
    const second = room.wait("a", { name: "a" }, () => void order.push(2));
    room.roomCame(hasRoom);
    await Promise.all([first, second]);
    expect(order).toEqual([1, 2]);
  });
});
