import { type OtlpSettings, type Logger, nodeClock } from "../platform/index.ts";
import type { ProxyBypass } from "../proxy/proxy-bypass.ts";
import { Names } from "../names/index.ts";
import { dialingAgent, type Proxy } from "../proxy/proxy.ts";
import { parseTarget } from "../upstream/index.ts";
import type { Tracing } from "./request-trace.ts";

/** Of the connector's settings what tracing needs. */
interface TracingSettings {
  /** Null: nothing is traced. */
  traces: OtlpSettings | null;
  token: { tunnelId: string };
  proxy: Proxy | null;
  proxyBypass: ProxyBypass;
}

export interface TracingOptions {
  config: TracingSettings;
  connectorId: string;
  softwareVersion: string;
  log: Logger;
}

/** Null if no endpoint is set. OpenTelemetry is then not loaded. */
export async function startTracing({ config, ...rest }: TracingOptions): Promise<Tracing | null> {
  const { traces: settings, token } = config;
  if (settings === null) return null;
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  const dialDeps = { clock: nodeClock, names: new Names({ clock: nodeClock }) };
  const proxy = proxyForTraces(config);
  return new OtlpTracing({
    ...rest,
    ...{ settings, tunnelId: token.tunnelId, addressOf: parseTarget },
    agent: () => dialingAgent(settings.url.startsWith("https:"), proxy, dialDeps),
  });
}

/** Null: without a proxy. As with relays, only connections with TLS use the proxy. */
export function proxyForTraces({ traces, proxy, proxyBypass }: Omit<TracingSettings, "token">): Proxy | null {
  const url = URL.parse(traces?.url ?? "");
  if (url?.protocol !== "https:") return null;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return proxyBypass(host, Number(url.port || 443)) ? null : proxy;
}
