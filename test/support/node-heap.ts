import { once } from "node:events";
import { WebSocket } from "ws";

const TIMEOUT_MS = 30_000;

export interface NodeMemory {
  /** In V8's heap after a collection. */
  heapBytes: number;
  /** Outside of the heap, for buffers. */
  bufferBytes: number;
  /** Timers, sockets and the like that keep the process busy. */
  resources: number;
}

/** The memory of a Node process that was started with `--inspect`, after its garbage has been collected. */
export async function nodeMemory(inspectorUrl: string): Promise<NodeMemory> {
  const inspector = new WebSocket(inspectorUrl);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let lastId = 0;
  const call = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++lastId;
    inspector.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = (await once(inspector, "message", { signal })) as [Buffer];
      const answer = JSON.parse(data.toString()) as { id?: number; result?: Record<string, unknown> };
      if (answer.id === id) return answer.result ?? {};
    }
  };
  try {
    await once(inspector, "open", { signal });
    // The second collection frees what finalizers of the first one released.
    await call("HeapProfiler.collectGarbage");
    await call("HeapProfiler.collectGarbage");
    const expression =
      "JSON.stringify({ ...process.memoryUsage(), resources: process.getActiveResourcesInfo().length })";
    const { result } = (await call("Runtime.evaluate", { expression })) as { result: { value: string } };
    const { heapUsed, arrayBuffers, resources } = JSON.parse(result.value) as {
      heapUsed: number;
      arrayBuffers: number;
      resources: number;
    };
    return { heapBytes: heapUsed, bufferBytes: arrayBuffers, resources };
  } finally {
    inspector.terminate();
  }
}
