import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { type Assembly, MessageRoom } from "../../worker/exchange/websocket/message-room.ts";
import { memoryOf } from "../support/memory.ts";

const MIB = 1024 * 1024;

it("the room of an object that was reset does not block other objects' messages", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const room = new MessageRoom(() => 0);
  const other: Assembly = { memory: memoryOf(), caller: "a", wake() {}, drop() {} };
  room.unread(17 * MIB, { memory: memoryOf(), caller: "a" });
  expect(room.grow(other, MIB)).toBe(false);
  await expect.poll(() => (collectGarbage(), room.grow(other, MIB)), { timeout: 10_000 }).toBe(true);
});
