import { expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ReadTurns } from "./read-turns.ts";

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

it("uploads are read sixteen at a time, in the order in which they asked", async () => {
  const turns = new ReadTurns(new FakeClock());
  const readers = Array.from({ length: 20 }, () => ({}));
  const begun: number[] = [];
  readers.forEach((reader, index) => {
    const turn = turns.take(reader);
    if (turn === null) begun.push(index);
    else void turn.then(() => begun.push(index));
  });
  expect(begun).toHaveLength(16);
  turns.giveBack(readers[3] ?? {});
  turns.giveBack(readers[3] ?? {});
  await settled();
  expect(begun.slice(16)).toEqual([16]);
});

it("a read that waits for its sender does not delay others", async () => {
  const clock = new FakeClock();
  const turns = new ReadTurns(clock);
  for (let count = 0; count < 16; count += 1) expect(turns.take({})).toBe(null);
  let begun = false;
  void turns.take({})?.then(() => (begun = true));
  clock.advance(49);
  await settled();
  expect(begun).toBe(false);
  clock.advance(60);
  await settled();
  expect(begun).toBe(true);
  clock.advance(200);
  expect(clock.pendingTimers).toBe(0);
});
