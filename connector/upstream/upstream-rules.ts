import { createSecureContext, type SecureContext } from "node:tls";
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_RESPONSE_TIMEOUT_MS } from "../../shared/protocol/index.ts";
import { type HostRule, matchesTarget, type UpstreamAddress } from "./policy.ts";

/** The settings for the upstreams that match one host pattern. */
export interface UpstreamSettings {
  /** "auto": over TLS the protocol that both sides agree on, otherwise HTTP/1.1. "http2" without TLS begins with HTTP/2 (h2c). */
  protocol: "auto" | "http1" | "http2";
  /** A Unix socket to use instead of host and port. */
  socketPath: string | null;
  /** Sent instead of the target's own authority. */
  hostHeader: string | null;
  tls: {
    /** Trusted authorities, client certificate and oldest version, prepared once. */
    context: SecureContext;
    /** Used for SNI and for the check of the certificate, instead of the target's host. */
    serverName: string | null;
    /** Neither the certificate's issuer nor its name is checked. */
    insecure: boolean;
  };
  /** This one and the next apply to requests whose service has no time-out of its own. */
  connectTimeoutMs: number;
  responseTimeoutMs: number;
  /** How long an unused connection is kept. Null: it depends on the protocol and the upstream's hints. */
  idleTimeoutMs: number | null;
  /** Connections to one origin at a time. Further requests wait for one of them. */
  maxConnections: number;
  /** A silent WebSocket gets pings, and is ended if it does not answer. */
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
  /** As written in the settings. */
  pattern: string;
  host: HostRule;
  settings: UpstreamSettings;
}

/** Only the first rule that matches counts. */
export function settingsFor(rules: readonly UpstreamRule[], target: UpstreamAddress): UpstreamSettings {
  return rules.find(({ host }) => matchesTarget(host, target))?.settings ?? DEFAULT_UPSTREAM;
}

/** The protocols to offer by ALPN, the preferred one first. */
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
