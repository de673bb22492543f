import {
  type JudgedTraffic,
  type JudgedTunnel,
  VERDICT_WINDOW_MINUTES,
  verdictOf,
} from "../../shared/verdict/verdict.ts";
import { get } from "../api.ts";
import type { Traffic } from "../api-types.ts";
import { Badge } from "../parts/index.ts";

/** The traffic that the verdict is based on, wherever it is shown. */
export function recentTraffic(tunnelId: string, signal: AbortSignal): Promise<Traffic> {
  const path = `/tunnels/${encodeURIComponent(tunnelId)}/traffic?windowMinutes=${VERDICT_WINDOW_MINUTES}`;
  return get<Traffic>(path, signal);
}

/** The verdict's title, the same in the list of tunnels, in a tunnel's heading and in its overview. */
export function VerdictBadge({ tunnel, traffic }: { tunnel: JudgedTunnel; traffic: JudgedTraffic | null }) {
  const { tone, title } = verdictOf(tunnel, traffic);
  return <Badge tone={tone}>{title}</Badge>;
}
