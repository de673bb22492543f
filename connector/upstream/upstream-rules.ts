import { createSecureContext, type SecureContext } from "node:tls";
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_RESPONSE_TIMEOUT_MS } from "../../shared/protocol/index.ts";
import { type HostRule, matchesTarget, type UpstreamAddress } from "./policy.ts";

/** How the upstreams of one host pattern are talked to. */
export interface UpstreamSettings {
  /** "auto": over TLS what both sides agree on, else HTTP/1.1. "http2" without TLS starts with HTTP/2 at once (h2c). */
  protocol: "auto" | "http1" | "http2";
  /** A Unix socket that stands in for host and port. */
  socketPath: string | null;
  /** Sent instead of the target's own authority. */
  hostHeader: string | null;
  tls: {
    /** Trust, client certificate and oldest version, made ready once. */
    context: SecureContext;
    /** Asked for (SNI) and looked for in the certificate, instead of the target's host. */
    serverName: string | null;
    /** Neither the certificate's issuer nor its name is checked. */
    insecure: boolean;
  };
  /** Both for requests whose service names no timeout of its own. */
  connectTimeoutMs: number;
  responseTimeoutMs: number;
  /** How long an unused connection is kept; null: as the upstream's protocol and hints suggest. */
  idleTimeoutMs: number | null;
  /** To one origin at a time; requests over that wait as they wait for a connection. */
  maxConnections: number;
  /** A WebSocket that shows no life is pinged, and ended where nothing comes back. */
  webSocketPings: boolean;
}

export const DEFAULT_UPSTREAM: UpstreamSettings = {
  protocol: "auto",
  socketPath: null,
  hostHeader: null,
  tls: { context: createSecureContext(), serverName: null, insecure: false },
  connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
  responseTimeoutMs: DEFAULT_RESPONSE_TIMEOUT_MS,
  idleTimeoutMs: null,
  maxConnections: Infinity,
  webSocketPings: true,
};

export interface UpstreamRule {
  /** As it was written. */
  pattern: string;
  host: HostRule;
  settings: UpstreamSettings;
}

/** The first rule that fits decides alone. */
export function settingsFor(rules: readonly UpstreamRule[], target: UpstreamAddress): UpstreamSettings {
  return rules.find(({ host }) => matchesTarget(host, target))?.settings ?? DEFAULT_UPSTREAM;
}

/** For TLS to agree on (ALPN), the preferred one first. */
export function protocolsOffered({ protocol }: UpstreamSettings): readonly string[] {
  switch (protocol) {
    case "auto":
      return ["h2", "http/1.1"];
    case "http1":
      return ["http/1.1"];
    case "http2":
      return ["h2"];
  }
}
