import { describe, expect, it } from "vitest";
import { ServingObjects } from "./serving-objects.ts";

const ID = "tnl_abcdefghij234567abcd";

function setUp() {
  let nowMs = 0;
  let state = 1;
  // xorshift: the same picks in each run.
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const subject = new ServingObjects(() => nowMs, random);
  const choose = (not?: string) => {
    const chosen = subject.choose(ID, not);
    if (chosen === null) throw new Error("nothing to choose");
    return chosen;
  };
  return { subject, choose, advance: (ms: number) => (nowMs += ms) };
}

const list = (revision: number, ...names: string[]) =>
  `${revision} ${names.map((name) => (name === "" ? ID : `${ID}.${name}`)).join(",")}`;

describe("ServingObjects", () => {
  it("knows the first object of every tunnel, and asks for more at most once a second", () => {
    const { choose, advance } = setUp();
    expect(choose()).toMatchObject({ name: ID, knownRevision: 0, hasSiblings: false });
    expect(choose().knownRevision).toBe(undefined);
    advance(1_000);
    expect(choose().knownRevision).toBe(0);
  });

  it("spreads evenly, busiest over mean at 64 at a time", () => {
    const { subject, choose } = setUp();
    subject.learn(ID, list(2, "", "b", "c", "d", "e", "f", "g", "h"));
    const counts = new Map<string, number>();
    const open: { done(): void }[] = [];
    for (let index = 0; index < 6_400; index++) {
      const chosen = choose();
      counts.set(chosen.name, (counts.get(chosen.name) ?? 0) + 1);
      open.push(chosen);
      // What began first is not always over first.
      if (open.length > 64) open.splice((index * 7) % 64, 1)[0]?.done();
    }
    expect(counts.size).toBe(8);
    expect(Math.max(...counts.values()) / 800).toBeLessThanOrEqual(1.2);
  });

  it("accepts only newer lists, and goes on counting what is under way", () => {
    const { subject, choose } = setUp();
    subject.learn(ID, list(3, "", "b"));
    const held = [choose(), choose(), choose(), choose()];
    subject.learn(ID, list(2, ""));
    subject.learn(ID, list(4, "b", "c"));
    subject.learn(ID, "nonsense");
    const names = new Set(Array.from({ length: 20 }, () => choose().name));
    expect(names).toEqual(new Set([`${ID}.b`, `${ID}.c`]));
    for (const chosen of held) chosen.done();
  });

  it("skips a full object for a second, unless no other is left", () => {
    const { subject, choose, advance } = setUp();
    subject.learn(ID, list(2, "", "b"));
    const full = choose();
    full.leaveOut();
    const others = Array.from({ length: 10 }, () => choose().name);
    expect(others).not.toContain(full.name);
    choose().leaveOut();
    expect(choose().name).toMatch(/^tnl_/);
    advance(1_000);
    expect(new Set(Array.from({ length: 40 }, () => choose().name)).size).toBe(2);
  });

  it("chooses another object if one has failed, and none if there is no other", () => {
    const { subject, choose } = setUp();
    expect(subject.choose(ID, ID)).toBe(null);
    subject.learn(ID, list(2, "", "b"));
    expect(choose(ID).name).toBe(`${ID}.b`);
  });

  it("remembers where an object is wanted, and bounded many tunnels", () => {
    const { subject, choose } = setUp();
    subject.learn(ID, `2 ${ID}.b@weur`);
    expect(choose()).toMatchObject({ name: `${ID}.b`, location: "weur" });
    for (let index = 0; index < 1_100; index++) subject.learn(`tnl_${index}`, `1 tnl_${index}`);
    expect(choose()).toMatchObject({ name: ID, location: null });
  });
});
