import { MemoryBudget, type MemoryAccount } from "../../shared/memory/memory-budget.ts";

const AMPLE_BYTES = 1024 * 1024 * 1024;

/** An account in a budget of its own. Everything but the reserve is available. */
export function memoryOf(
  totalBytes = AMPLE_BYTES,
  reserveBytes = 0,
  nowMs: () => number = () => 0,
): MemoryAccount {
  return new MemoryBudget(totalBytes, reserveBytes, nowMs).open();
}
