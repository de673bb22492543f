import { STALL_CHECK_MS } from "../../protocol/index.ts";

/** How a standstill of this process is known. Tests that put a real object's clock forward raise both. */
export const STANDSTILL = {
  /** A look that comes so late comes after one: what the peer sent meanwhile is not read yet. */
  lateMs: 1_000,
  /** Where time is counted in steps, a longer one counts as this much. */
  stepMs: STALL_CHECK_MS,
};
