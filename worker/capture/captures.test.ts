import { describe, expect, it } from "vitest";
import type { CapturedRequest } from "../../shared/capture/captured-request.ts";
import { MemoryBudget } from "../../shared/memory/memory-budget.ts";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { CaptureRule } from "../tunnel/configuration/capture-rule.ts";
import type { CaptureAnswer, CaptureEntry } from "./capture-entry.ts";
import { Captures } from "./captures.ts";

const RULE: CaptureRule = { id: "cap_a", service: "api", endsAtMs: 60_000, maxRequests: 3 };
const TOTAL_BYTES = 4 * 1024 * 1024;

function openOf(requestId: string, service = "API"): OpenHead {
  return {
    ...{ kind: "http", target: "http://x", service, method: "GET", path: "/a?token=s3cret-value" },
    ...{ project: "p", environment: "e", requestId, fields: [["x-a", "b"]] },
  };
}

function world({ redacted = [] as ("path" | "project")[] } = {}) {
  const clock = new FakeClock();
  const budget = new MemoryBudget(TOTAL_BYTES, 0, () => clock.nowMs());
  const memory = budget.open();
  const sent: CaptureEntry[] = [];
  const work: Promise<unknown>[] = [];
  const state = { answer: "taken" as CaptureAnswer, fails: false };
  const captures = new Captures({
    ...{ clock, memory, settings: { redacted } },
    send: async (entry) => {
      sent.push(entry);
      if (state.fails) throw new Error("away");
      return state.answer;
    },
    waitUntil: (promise) => void work.push(promise),
  });
  const settled = async (): Promise<void> => void (await Promise.all(work));
  return { ...{ clock, budget, memory, sent, state, captures, settled } };
}

describe("what is captured of an object's requests", () => {
  it("covers the named services, up to the number and the time", () => {
    const { captures, clock } = world();
    expect(captures.tap(undefined, openOf("1"), 0)).toBeNull();
    expect(captures.tap([RULE], openOf("1", "other"), 0)).toBeNull();
    for (let count = 0; count < 3; count++)
      expect(captures.tap([RULE], openOf(String(count)), 0)).not.toBeNull();
    expect(captures.tap([RULE], openOf("4"), 0)).toBeNull();
    clock.advance(60_000);
    expect(captures.tap([{ ...RULE, id: "cap_b" }], openOf("5"), 0)).toBeNull();
  });

  it("counts in the object's memory until it was passed on, and leaves no timer", async () => {
    const { captures, memory, sent, settled, clock } = world();
    const tap = captures.tap([RULE], openOf("1"), 0);
    tap?.sent(new Uint8Array(8_000));
    tap?.sent(new Uint8Array(8_000));
    tap?.headed({ status: 200, reason: "", fields: [["x-b", "c".repeat(1_000)]] });
    tap?.received(new Uint8Array(500));
    expect(memory.heldBytes).toBeGreaterThan(12_000);
    expect(memory.heldBytes).toBeLessThan(16_000);
    expect(clock.pendingTimers).toBe(1);
    tap?.end();
    tap?.end();
    tap?.received(new Uint8Array(500));
    await settled();
    expect(memory.heldBytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(sent).toHaveLength(1);
  });

  it("is less if memory is short: the request goes on", async () => {
    const { captures, memory, sent, settled } = world();
    const tap = captures.tap([RULE], openOf("1"), 0);
    memory.hold(TOTAL_BYTES);
    tap?.sent(new Uint8Array(8_000));
    tap?.headed({ status: 200, reason: "", fields: [] });
    expect(captures.tap([RULE], openOf("2"), 0)).toBeNull();
    tap?.end();
    await settled();
    const { request, response } = JSON.parse(sent[0]?.json ?? "") as CapturedRequest;
    expect([request.body.why, response]).toEqual(["no-room", null]);
    memory.giveBack(TOTAL_BYTES);
    expect(memory.heldBytes).toBe(0);
  });

  it("ends by its time, or when it is stopped, in the middle of requests", async () => {
    const { captures, clock, sent, settled } = world();
    captures.tap([RULE], openOf("1"), 0);
    clock.advance(60_000);
    await settled();
    expect(sent.map(({ requestId }) => requestId)).toEqual(["1"]);
    const later = { ...RULE, id: "cap_b", endsAtMs: 120_000 };
    captures.tap([later], openOf("2"), 0);
    captures.judge([later]);
    captures.judge([]);
    await settled();
    expect(sent.map(({ requestId }) => requestId)).toEqual(["1", "2"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is full when the store says so", async () => {
    const { captures, state, settled } = world();
    state.answer = "full";
    captures.tap([RULE], openOf("1"), 0)?.end();
    await settled();
    expect(captures.tap([RULE], openOf("2"), 0)).toBeNull();
  });

  it("contains neither what the relay's log settings redact, nor any secret", async () => {
    const { captures, sent, settled } = world({ redacted: ["path", "project"] });
    captures.tap([RULE], openOf("1"), 0)?.end();
    await settled();
    expect(JSON.parse(sent[0]?.json ?? "")).toMatchObject({
      path: "[redacted]",
      project: "[redacted]",
      environment: "e",
    });
    expect(sent[0]?.json).not.toContain("s3cret");
  });
});
