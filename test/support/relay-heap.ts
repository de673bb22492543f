import { once } from "node:events";
import { WebSocket } from "ws";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import type { System } from "./system.ts";

const TIMEOUT_MS = 20_000;

/**
 * Bytes in use in the heap of the relay's isolate, garbage not yet collected included. The process's own size
 * counts the gateways' isolates too, and V8 hands hardly anything back.
 */
export function relayHeapBytes(system: System): Promise<number> {
  return heapBytes(system.workerd, []);
}

/** What is left of it once all garbage is gone. */
export function relayKeptBytes(workerd: WorkerdProcess): Promise<number> {
  const collect = "HeapProfiler.collectGarbage";
  // The second one finds what the first one's finalizers let go.
  return heapBytes(workerd, ["HeapProfiler.enable", collect, collect]);
}

async function heapBytes(workerd: WorkerdProcess, before: readonly string[]): Promise<number> {
  const inspector = new WebSocket(`ws://127.0.0.1:${workerd.inspectorPort}/culvert`, { maxPayload: 0 });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let lastId = 0;
  const call = async (method: string): Promise<unknown> => {
    const id = ++lastId;
    inspector.send(JSON.stringify({ id, method }));
    for (;;) {
      const message = once(inspector, "message", { signal }) as Promise<[Buffer]>;
      // Messages are taken when the isolate runs next.
      await fetch(`${workerd.url}/healthz`);
      const answer = JSON.parse(String((await message)[0])) as { id?: number; result?: unknown };
      if (answer.id === id) return answer.result;
    }
  };
  try {
    await once(inspector, "open", { signal });
    for (const method of before) await call(method);
    const usage = (await call("Runtime.getHeapUsage")) as {
      usedSize: number;
      embedderHeapUsedSize: number;
      backingStorageSize: number;
    };
    return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
  } finally {
    inspector.terminate();
  }
}
