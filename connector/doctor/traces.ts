import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { ConnectorSettings } from "../settings/index.ts";
import { fail, type Finding, pass } from "./finding.ts";
import { proxyForTraces } from "../telemetry/index.ts";
import type { HostDialDeps } from "../names/index.ts";
import { dialingAgent } from "../proxy/proxy.ts";

const TIMEOUT_MS = 10_000;

/** Checks that the collector accepts traces, with one request without spans. Returns nothing if no collector is set. */
export async function examineTraces(config: ConnectorSettings, deps: HostDialDeps): Promise<Finding[]> {
  const { traces } = config;
  if (traces === null) return [];
  try {
    const status = await post(config, traces, deps);
    if (status >= 200 && status < 300) return [pass("traces", `${traces.url} takes them`)];
    const remedy =
      status === 401 || status === 403
        ? "check OTEL_EXPORTER_OTLP_HEADERS"
        : "check OTEL_EXPORTER_OTLP_ENDPOINT: it has to take OTLP over HTTP, on port 4318 as a rule";
    return [fail("traces", `${traces.url} answered ${status}`, remedy)];
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "no answer";
    const remedy = "check OTEL_EXPORTER_OTLP_ENDPOINT, and let this host connect to it";
    return [fail("traces", `${traces.url}: ${reason}`, remedy)];
  }
}

function post(
  config: ConnectorSettings,
  { url, headers }: NonNullable<ConnectorSettings["traces"]>,
  deps: HostDialDeps,
): Promise<number> {
  const secure = url.startsWith("https:");
  const agent = dialingAgent(secure, proxyForTraces(config), deps);
  const request = secure ? requestSecure : requestPlain;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: "POST",
      timeout: TIMEOUT_MS,
      headers: { ...headers, "content-type": "application/x-protobuf", "content-length": 0 },
      agent,
    });
    asked.on("response", (response) => {
      response.destroy();
      agent.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end();
  });
}
