import type { RequestEvent } from "../../shared/request-event.ts";

export interface RequestPart {
  name: "relay" | "tunnel" | "upstream" | "body";
  /** For people. */
  title: string;
  explanation: string;
  ms: number;
  /** Of the whole duration, 0 to 1. */
  share: number;
}

/** Where a request's time went, in the order in which it went there. */
export function requestParts(event: RequestEvent): RequestPart[] {
  const parts = [
    ["relay", "Relay", "deciding, waiting for a connector, failed attempts", event.relayMs],
    ["tunnel", "Tunnel", "to the connector and back", event.tunnelMs],
    ["upstream", "Upstream", "from the request to the head of the answer", event.upstreamMs],
    ["body", event.kind === "websocket" ? "Open" : "Body", "from the head to the last byte", event.bodyMs],
  ] as const;
  const totalMs = parts.reduce((sum, [, , , ms]) => sum + ms, 0);
  return parts.map(([name, title, explanation, ms]) => ({
    name,
    title,
    explanation,
    ms,
    share: totalMs === 0 ? 0 : ms / totalMs,
  }));
}
