import type { TunnelState } from "../api-types.ts";
import type { Tone } from "./verdict.ts";

export const STATE_TONE: Record<TunnelState, Tone> = {
  healthy: "good",
  degraded: "warn",
  down: "bad",
  inactive: "idle",
};
