import { MemoryBudget, type MemoryAccount } from "../../shared/memory/memory-budget.ts";

const AMPLE_BYTES = 1024 * 1024 * 1024;

/** An account with a budget of its own, all of which may be taken. */
export function memoryOf(totalBytes = AMPLE_BYTES): MemoryAccount {
  return new MemoryBudget(totalBytes, 0, () => 0).open();
}
