import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../shared/protocol/error-code.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { Moves } from "./moves.ts";
import { RetryBudget } from "../tunnel/connections/retry-budget.ts";

const UNPROCESSED = new TunnelError("UPSTREAM_CONNECT_TIMEOUT", "", { notProcessed: true });
const LOST = new TunnelError("CONNECTOR_LOST", "", { scope: "connection" });

function start({ method = "GET", retry }: { method?: string; retry?: boolean } = {}) {
  let nowMs = 0;
  const moves = new Moves({ method, retry, budget: new RetryBudget(), nowMs: () => nowMs });
  return { moves, wait: (ms: number) => void (nowMs += ms) };
}

describe("a request moves", () => {
  it("as often as it was not processed, and once more if it was lost and is safe", () => {
    const { moves } = start();
    const failures = [UNPROCESSED, LOST, UNPROCESSED, LOST];
    expect(failures.map((failure) => moves.take(failure))).toEqual([true, true, true, false]);
  });

  it("once if each connector fails slowly", () => {
    const { moves, wait } = start({ method: "POST" });
    wait(20_000);
    expect(moves.take(UNPROCESSED)).toBe(true);
    expect(moves.take(UNPROCESSED)).toBe(false);
  });

  it.each<[ErrorCode, boolean]>([
    ["CONNECTOR_LOST", true],
    ["DRAINING", true],
    ["REPLACED", true],
    ["TOKEN_REVOKED", true],
    ["TUNNEL_DELETED", false],
    ["UPSTREAM_PROTOCOL", false],
    ["UPSTREAM_RESPONSE_TIMEOUT", false],
    ["STALLED", false],
    ["CANCEL", false],
  ])("after %s, maybe processed: %s", (code, expected) => {
    expect(start().moves.take(new TunnelError(code, ""))).toBe(expected);
  });
});

describe("the budget", () => {
  const spendAll = (budget: RetryBudget) => {
    let spent = 0;
    while (budget.spend()) spent++;
    return spent;
  };

  it("is twenty at first, and then a fifth of the requests", () => {
    const budget = new RetryBudget();
    expect(spendAll(budget)).toBe(20);
    for (let count = 0; count < 52; count++) budget.requestBegan()();
    expect(spendAll(budget)).toBe(10);
    for (let count = 0; count < 10_000; count++) budget.requestBegan()();
    expect(spendAll(budget)).toBe(20);
  });

  it("saves up as much as a connector may lose: what is under way", () => {
    const budget = new RetryBudget();
    const ends = Array.from({ length: 300 }, () => budget.requestBegan());
    for (let count = 0; count < 10_000; count++) budget.requestBegan()();
    for (const end of ends) end();
    expect(spendAll(budget)).toBeGreaterThanOrEqual(300);
  });
});
