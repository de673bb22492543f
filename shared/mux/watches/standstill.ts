import { STALL_CHECK_MS } from "../../protocol/index.ts";

/** How a standstill of this process is recognised. Tests that put a real object's clock forward raise both values. */
export const STANDSTILL = {
  /** A check that runs this much late follows a standstill: what the peer sent meanwhile has not been read yet. */
  lateMs: 1_000,
  /** Time that is counted in steps: a longer step counts as this much. */
  stepMs: STALL_CHECK_MS,
};
