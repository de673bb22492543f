import { describe, expect, it } from "vitest";
import { type RegistryAnswer, type LookUp, RegistryKnowledge, type Subject } from "./registry-knowledge.ts";

const KEY: Subject = { kind: "gateway-key", id: "k_known" };
const OTHER: Subject = { kind: "gateway-key", id: "k_other" };
const TUNNEL: Subject = { kind: "tunnel", id: "tnl_known" };
const MADE_UP: Subject = { kind: "tunnel", id: "tnl_made_up" };

function world() {
  let nowMs = 0;
  const calls: Subject[][] = [];
  const stored = new Map<string, RegistryAnswer>([
    [KEY.id, "digest"],
    [OTHER.id, "other digest"],
    [TUNNEL.id, ""],
  ]);
  const lookUp: LookUp = (subjects) => {
    calls.push([...subjects]);
    return Promise.resolve(subjects.map(({ id }) => stored.get(id) ?? null));
  };
  const knowledge = new RegistryKnowledge(() => nowMs);
  const learn = (subject: Subject, { isSuspect = false, ask = lookUp } = {}) =>
    knowledge.learn(subject, { lookUp: ask, isSuspect, waitUntil: (work) => void work });
  return { knowledge, calls, stored, learn, pass: (ms: number) => (nowMs += ms) };
}

describe("RegistryKnowledge", () => {
  it("asks once for what exists, and once in five seconds for what does not", async () => {
    const { calls, learn, stored, pass } = world();
    for (let round = 0; round < 3; round++) {
      expect(await learn(KEY)).toBe("digest");
      expect(await learn(MADE_UP)).toBeNull();
    }
    expect(calls).toEqual([[KEY], [MADE_UP]]);
    stored.set(MADE_UP.id, "");
    pass(4_999);
    expect(await learn(MADE_UP)).toBeNull();
    pass(1);
    expect(await learn(MADE_UP)).toBe("");
    expect(await learn(MADE_UP)).toBe("");
    expect(calls).toHaveLength(3);
  });

  it("combines all questions of one turn into one call, each once", async () => {
    const { calls, learn } = world();
    expect(await Promise.all([learn(KEY), learn(TUNNEL), learn(MADE_UP), learn(KEY)])).toEqual([
      "digest",
      "",
      null,
      "digest",
    ]);
    expect(calls).toEqual([[KEY, TUNNEL, MADE_UP]]);
  });

  it("does not take one tunnel's token for another's", async () => {
    const { calls, learn } = world();
    await learn({ kind: "token", id: "k_known", tunnelId: "tnl_a" });
    await learn({ kind: "token", id: "k_known", tunnelId: "tnl_b" });
    await learn({ kind: "api-key", id: "k_known" });
    expect(calls).toHaveLength(3);
  });

  it("delays look-ups of suspects and combines them; a right key among them is found", async () => {
    const { calls, learn } = world();
    const guesses = Array.from({ length: 300 }, (_, index) =>
      learn({ kind: "gateway-key", id: `k_guess_${index}` }, { isSuspect: true }),
    );
    expect(await learn(KEY, { isSuspect: true })).toBe("digest");
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([null]));
    expect(calls).toHaveLength(1);
  });

  it("says nothing when the Registry fails, and asks again the next time", async () => {
    const { calls, learn } = world();
    const ask: LookUp = () => Promise.reject(new Error("away"));
    expect(await learn(KEY, { ask })).toBeUndefined();
    expect(await learn(MADE_UP, { ask: () => Promise.resolve([]) })).toBeUndefined();
    expect(await learn(KEY)).toBe("digest");
    expect(calls).toHaveLength(1);
  });

  it("waits a second for the Registry and no longer", async () => {
    const { learn } = world();
    const never: LookUp = () => new Promise(() => {});
    const startedMs = performance.now();
    expect(await Promise.all([learn(KEY, { ask: never }), learn(KEY, { ask: never })])).toEqual([
      undefined,
      undefined,
    ]);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect(await learn(KEY)).toBe("digest");
  });

  it("asks again if the request that began the look-up was ended, once for all that waited for it", async () => {
    const { calls, learn } = world();
    const never: LookUp = () => new Promise(() => {});
    const ended = learn(KEY, { ask: never });
    await Promise.resolve();
    expect(await Promise.all([learn(KEY), learn(KEY), learn(KEY)])).toEqual(["digest", "digest", "digest"]);
    expect(calls).toEqual([[KEY]]);
    expect(await ended).toBe("digest");
  });

  it("does the same for guesses that were combined with such a look-up", async () => {
    const { calls, learn } = world();
    const ended = learn(MADE_UP, { ask: () => new Promise(() => {}), isSuspect: true });
    const others = ["tnl_a", "tnl_b"].map((id) => learn({ kind: "tunnel", id }, { isSuspect: true }));
    expect(await Promise.all(others)).toEqual([null, null]);
    expect(calls).toHaveLength(1);
    await ended;
  });

  it("forgets what was refused, and keeps the newest 10,000 unknown ids", async () => {
    const { knowledge, calls, learn } = world();
    await learn(KEY);
    knowledge.forget(KEY);
    await learn(KEY);
    expect(calls).toHaveLength(2);
    for (let index = 0; index <= 10_000; index++) await learn({ kind: "tunnel", id: `tnl_${index}` });
    expect(knowledge.recall({ kind: "tunnel", id: "tnl_0" })).toBeUndefined();
    expect(knowledge.recall({ kind: "tunnel", id: "tnl_1" })).toBeNull();
    expect(knowledge.recall(KEY)).toBe("digest");
  });
});
