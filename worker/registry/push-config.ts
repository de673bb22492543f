import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import type { PendingPush, PushQueue } from "./stores/index.ts";
import { withTimeout } from "../with-timeout.ts";

export interface PushPorts {
  queue: PushQueue;
  nowMs(): number;
  config(tunnelId: string): TunnelConfig | null;
  /** Sends the configuration to one object and returns the version that it has afterwards. */
  send(objectName: string, config: TunnelConfig): Promise<number>;
  /** A call that takes longer counts as failed. */
  sendTimeoutMs: number;
  /** Every object of this tunnel has the newest configuration. */
  settled(tunnelId: string): void;
  warn(event: { event: "config_push_failed"; objectName: string; attempts: number; error: string }): void;
}

/** How long an answer waits for the objects that have to get the change. */
export const PUSH_WAIT_MS = 2000;

/** After this time the alarm repeats pushes that are still open because the Registry was reset. */
export const PUSH_GUARD_MS = 5000;

/** Concurrent calls: enough to be quick with many tunnels, few enough not to queue in the platform. */
const AT_ONCE = 100;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** Makes one attempt for each of `pushes`. Failed ones stay queued. */
export async function pushConfigs(ports: PushPorts, pushes: readonly PendingPush[]): Promise<void> {
  for (let start = 0; start < pushes.length; start += AT_ONCE) {
    await Promise.all(pushes.slice(start, start + AT_ONCE).map((push) => pushOne(ports, push)));
  }
}

async function pushOne(ports: PushPorts, push: PendingPush): Promise<void> {
  const config = ports.config(push.tunnelId);
  const version = config?.version ?? push.version;
  try {
    if (config !== null) {
      const held = await withTimeout(ports.send(push.objectName, config), ports.sendTimeoutMs, null);
      if (held === null) throw new Error("no answer");
      if (held < version) throw new Error(`the object kept version ${held} instead of ${version}`);
    }
    ports.queue.acknowledged({ ...push, version });
    if (ports.queue.of(push.tunnelId).length === 0) ports.settled(push.tunnelId);
  } catch (thrown) {
    ports.queue.failed(push, ports.nowMs() + pushRetryDelayMs(push.attempts));
    const error = thrown instanceof Error ? thrown.message : String(thrown);
    ports.warn({
      event: "config_push_failed",
      objectName: push.objectName,
      attempts: push.attempts + 1,
      error,
    });
  }
}

/** Doubles up to a minute, so that a tunnel that was cut off for an hour gets the change within a minute of its return. */
export function pushRetryDelayMs(attempts: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
}
