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
  it("keeps what the object can carry, and hands on the rest", () => {
    expect(hop(THREE, "b", true)).toBe(null);
    expect(hop(THREE, "b", false)).toBe("c");
    expect(hop(THREE, "c", false)).toBe("b");
  });

  it("hands on requests of an object that is leaving or off the list", () => {
    expect(hop(list(["a", "serving"], ["b", "leaving"]), "b", true)).toBe("a");
    expect(hop(THREE, "gone", true)).toBe("c");
  });

  it("does not use siblings that do not serve, and stays if there are none", () => {
    expect(hop(list(["a", "serving"], ["b", "attaching"]), "a", false)).toBe(null);
    expect(hop(undefined, "a", false)).toBe(null);
  });

  it("hands on a second time only to the first object: connectors of older versions know no other", () => {
    expect(hop(THREE, "c", true, { handedOn: true })).toBe(null);
    expect(hop(THREE, "c", false, { handedOn: true })).toBe("a");
    expect(hop(THREE, "a", false, { handedOn: true })).toBe(null);
    expect(hop(THREE, "c", false, { handedOn: true, handedOnTwice: true })).toBe(null);
  });
});
