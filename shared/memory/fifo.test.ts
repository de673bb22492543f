import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fifo } from "./fifo.ts";

describe("a Fifo", () => {
  it("is an array that is pushed and shifted, whatever is done with it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(), fc.constantFrom("shift", "clear")), { maxLength: 400 }),
        (steps) => {
          const fifo = new Fifo<number>();
          let model: number[] = [];
          for (const step of steps) {
            if (step === "shift") expect(fifo.shift()).toBe(model.shift());
            else if (step === "clear") fifo.clear();
            else if (typeof step === "number") fifo.push(step);
            if (step === "clear") model = [];
            else if (typeof step === "number") model.push(step);
            expect([fifo.length, fifo.first, fifo.last]).toEqual([model.length, model[0], model.at(-1)]);
          }
        },
      ),
    );
  });

  it("takes a hundred thousand from the front in a moment", () => {
    const fifo = new Fifo<number>();
    for (let count = 0; count < 100_000; count += 1) fifo.push(count);
    let sum = 0;
    for (let next = fifo.shift(); next !== undefined; next = fifo.shift()) sum += next;
    expect(sum).toBe((100_000 * 99_999) / 2);
  });
});
