import { once } from "node:events";
import { WebSocket } from "ws";
import type { System } from "./system.ts";

const TIMEOUT_MS = 5000;

/**
 * Bytes in use in the heap of the relay's isolate, garbage not yet collected included. The process's own size
 * counts the gateways' isolates too, and V8 hands hardly anything back.
 */
export async function relayHeapBytes(system: System): Promise<number> {
  const inspector = new WebSocket(`ws://127.0.0.1:${system.workerd.inspectorPort}/culvert`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await once(inspector, "open", { signal });
    const answer = once(inspector, "message", { signal }) as Promise<[Buffer]>;
    inspector.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
    // Messages are taken when the isolate runs next.
    await fetch(`${system.workerd.url}/healthz`);
    const { result } = JSON.parse(String((await answer)[0])) as {
      result: { usedSize: number; embedderHeapUsedSize: number; backingStorageSize: number };
    };
    return result.usedSize + result.embedderHeapUsedSize + result.backingStorageSize;
  } finally {
    inspector.terminate();
  }
}
