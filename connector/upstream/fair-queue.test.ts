import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.ts";

interface Waiter {
  caller: string;
  name: string;
}

function queueOf(...names: string[]): { queue: FairQueue<Waiter>; waiters: Map<string, Waiter> } {
  const queue = new FairQueue<Waiter>();
  const waiters = new Map(names.map((name) => [name, { caller: name.slice(0, 1), name }]));
  for (const waiter of waiters.values()) queue.add(waiter);
  return { queue, waiters };
}

function served(queue: FairQueue<Waiter>): string[] {
  const names: string[] = [];
  for (let [next] = queue; next !== undefined; [next] = queue) {
    names.push(next.name);
    queue.served(next);
  }
  return names;
}

describe("FairQueue", () => {
  it("gives callers turns, each in its own order", () => {
    const { queue } = queueOf("b1", "b2", "b3", "a1", "b4", "a2", "c1");
    expect([...queue].map(({ name }) => name)).toEqual(["b1", "a1", "c1", "b2", "a2", "b3", "b4"]);
    expect(served(queue)).toEqual(["b1", "a1", "c1", "b2", "a2", "b3", "b4"]);
    expect(queue.size).toBe(0);
  });

  it("forgets callers that left, and makes new ones wait for their turn", () => {
    const { queue, waiters } = queueOf("b1", "b2", "a1");
    const [b1, b2] = [waiters.get("b1"), waiters.get("b2")];
    if (b1 === undefined || b2 === undefined) throw new Error("unreachable");
    queue.served(b1);
    expect(queue.delete(b1)).toBe(false);
    expect(queue.delete(b2)).toBe(true);
    queue.add({ caller: "b", name: "b3" });
    expect(served(queue)).toEqual(["a1", "b3"]);
  });

  it("serves at most one request of each other caller between two of the same caller", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 60 }), (callers) => {
        const { queue } = queueOf(...callers.map((caller, index) => `${caller}${index}`));
        const order = served(queue).map((name) => name.slice(0, 1));
        expect(order.toSorted()).toEqual(callers.toSorted());
        for (const caller of new Set(callers)) {
          const others = new Map<string, number>();
          for (const one of order.slice(0, order.lastIndexOf(caller))) {
            if (one === caller) others.clear();
            else others.set(one, (others.get(one) ?? 0) + 1);
            expect(Math.max(0, ...others.values())).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});
