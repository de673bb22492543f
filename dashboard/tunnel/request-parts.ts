import { type RequestEvent, verbOf } from "../../shared/events/request-event.ts";

export interface RequestPart {
  name: "relay" | "tunnel" | "upstream" | "body";
  /** A name for people. */
  title: string;
  explanation: string;
  ms: number;
  /** The share of the whole duration, from 0 to 1. */
  share: number;
}

/** `GET /v1/charges`, `TCP orders-db`. */
export function requestName(event: RequestEvent): string {
  return `${verbOf(event)} ${event.kind === "tcp" ? event.service : event.path}`;
}

/** The parts of a request's duration, in order. */
export function requestParts(event: RequestEvent): RequestPart[] {
  const parts = [
    ["relay", "Relay", "deciding, waiting for a connector, failed attempts", event.relayMs],
    ["tunnel", "Tunnel", "to the connector and back", event.tunnelMs],
    ["upstream", "Upstream", "from the request to the head of the answer", event.upstreamMs],
    ["body", event.kind === "http" ? "Body" : "Open", "from the head to the last byte", event.bodyMs],
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
