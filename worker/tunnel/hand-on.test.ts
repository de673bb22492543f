import { describe, expect, it } from "vitest";
import { nextHop } from "./hand-on.ts";
import type { ObjectPhase, TunnelObjects } from "./configuration/tunnel-objects.ts";

const list = (...objects: [name: string, phase: ObjectPhase][]): TunnelObjects => ({
  revision: 1,
  list: objects.map(([name, phase]) => ({ name, phase, location: null })),
});
const THREE = list(["a", "serving"], ["b", "serving"], ["c", "serving"]);
const hop = (
  objects: TunnelObjects | undefined,
  name: string,
  takesRequests: boolean,
  hops: { handedOn?: true; handedOnTwice?: true } = {},
) => nextHop(objects, { name, takesRequests }, hops, () => 0.99)?.object.name ?? null;

describe("nextHop", () => {
  it("keeps what an object can carry, and hands on what it can't", () => {
    expect(hop(THREE, "b", true)).toBe(null);
    expect(hop(THREE, "b", false)).toBe("c");
    expect(hop(THREE, "c", false)).toBe("b");
  });

  it("hands on what comes to one that leaves, or is off the list", () => {
    expect(hop(list(["a", "serving"], ["b", "leaving"]), "b", true)).toBe("a");
    expect(hop(THREE, "gone", true)).toBe("c");
  });

  it("asks no more of siblings that do not serve, and none where there are none", () => {
    expect(hop(list(["a", "serving"], ["b", "attaching"]), "a", false)).toBe(null);
    expect(hop(undefined, "a", false)).toBe(null);
  });

  it("hands a second time to the first on the list alone: connectors of older versions know no other", () => {
    expect(hop(THREE, "c", true, { handedOn: true })).toBe(null);
    expect(hop(THREE, "c", false, { handedOn: true })).toBe("a");
    expect(hop(THREE, "a", false, { handedOn: true })).toBe(null);
    expect(hop(THREE, "c", false, { handedOn: true, handedOnTwice: true })).toBe(null);
  });
});
