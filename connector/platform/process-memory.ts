import { type MemoryAccount, MemoryBudget } from "../../shared/memory/memory-budget.ts";
import { CONNECTOR_MEMORY_BYTES, CONNECTOR_MEMORY_RESERVE_BYTES } from "../../shared/protocol/index.ts";
import { nodeClock } from "./node-clock.ts";

/** The process's one budget, for the tunnel's streams and for waiting bytes of upstreams' answers. */
export function processMemory(): MemoryAccount {
  const nowMs = (): number => nodeClock.nowMs();
  return new MemoryBudget(CONNECTOR_MEMORY_BYTES, CONNECTOR_MEMORY_RESERVE_BYTES, nowMs).open();
}
