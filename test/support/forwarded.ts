import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import type { System } from "./system.ts";

const TIMEOUT_MS = 60_000;

/** A running `culvert forward` for one service, which listens on `port`. */
export interface Forwarded {
  port: number;
  child: Child;
}

export async function newGatewayKey({ workerd, adminKey }: System): Promise<{ kid: string; key: string }> {
  const response = await fetch(`${workerd.url}/v1/gateway-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ project: "my-project", environment: "production" }),
  });
  if (!response.ok) throw new Error(`no gateway key: ${response.status}`);
  return (await response.json()) as { kid: string; key: string };
}

export function startForward(
  { workerd, tunnelId }: System,
  key: string,
  service: string,
  listen = "127.0.0.1:0",
): Child {
  const args = ["forward", "--tunnel-id", tunnelId, "--service", service, "--listen", listen];
  return startChild(`forward ${service}`, process.execPath, [CULVERT_BUNDLE, ...args], {
    CULVERT_RELAY: workerd.url,
    CULVERT_GATEWAY_KEY: key,
  });
}

export async function forwarded(system: System, key: string, service: string): Promise<Forwarded> {
  const child = startForward(system, key, service);
  const [, port] = await child.line(/is at 127\.0\.0\.1:(\d+)/, TIMEOUT_MS);
  return { port: Number(port), child };
}
