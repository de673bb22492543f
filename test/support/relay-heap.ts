import { once } from "node:events";
import { WebSocket } from "ws";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import type { System } from "./system.ts";

const TIMEOUT_MS = 20_000;

/**
 * Bytes in use in the heap of the relay's isolate, including garbage. The process's own size would also count the gateways'
 * isolates, and V8 returns hardly any memory to the system.
 */
export function relayHeapBytes(system: System): Promise<number> {
  return heapBytes(system.workerd, []);
}

/** The heap's size after all garbage has been collected. */
export function relayKeptBytes(workerd: WorkerdProcess): Promise<number> {
  const collect = "HeapProfiler.collectGarbage";
  // The second collection frees what finalizers of the first one released.
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
      // The isolate handles inspector messages when it runs next.
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
