import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { Stream } from "../../../shared/mux/index.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { MessageIntake } from "./message-intake.ts";
import { MessageRoom } from "./message-room.ts";

type Part = NonNullable<ReturnType<Stream["peekMessage"]>>;

function setUp() {
  const got: { bytes: Uint8Array; text: boolean }[] = [];
  const socket = { bufferedAmount: 0 } as WebSocket;
  const memory = { account: memoryOf(), messages: new MessageRoom(() => 0) };
  const intake = new MessageIntake(socket, "a", memory, {
    onMessage: (bytes, text) => got.push({ bytes, text }) > 0,
    onTooLarge() {},
    onEnded() {},
    goOn() {},
  });
  const take = (part: Part): boolean => {
    const waiting = [part];
    const stream = {
      peekMessage: () => waiting[0] ?? null,
      readMessage: () => waiting.shift() ?? null,
      expect() {},
    };
    return intake.take(stream as unknown as Stream);
  };
  return { intake, take, got };
}

const part = (text: string, more: boolean): Part => ({
  bytes: new TextEncoder().encode(text),
  text: true,
  more,
});

it("puts messages together from parts of any size, empty ones among them", () => {
  const { take, got } = setUp();
  const sent = ["", "a", "b".repeat(20_000), "", "c", "d".repeat(70_000), ""];
  sent.forEach((text, index) => take(part(text, index < sent.length - 1)));
  take(part("", true));
  take(part("whole", false));
  take(part("", false));
  const texts = got.map(({ bytes }) => new TextDecoder().decode(bytes));
  expect(texts).toEqual([sent.join(""), "whole", ""]);
});

it("needs little more memory for a message of single bytes than the message has", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { intake, take } = setUp();
  collect();
  const beforeBytes = process.memoryUsage().heapUsed;
  const COUNT = 200_000;
  for (let count = 0; count < COUNT; count++) take({ bytes: Uint8Array.of(1), text: false, more: true });
  collect();
  // As a list of arrays they would need 20 MB.
  expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(8 * 1024 * 1024);
  intake.end();
});
