import { setTimeout as sleep } from "node:timers/promises";
import { Inspector } from "./inspector.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { CulvertSubject } from "../subjects/culvert.ts";
import { bulk, get, KIB, MIB } from "../workloads.ts";

/** Batches of events are still on their way for this long after the last request. */
const SETTLE_MS = 2_500;
const ROUNDS = 2;

/**
 * What a relay keeps: its heap after a collection, before and after rounds of small GETs and large transfers. The size of
 * the process says little about that, because V8 collects late and returns no memory. The relay needs an inspector.
 */
export async function relayMemory(
  subject: CulvertSubject,
  load: LoadGenerator,
): Promise<{ beforeBytes: number; afterBytes: number }> {
  const inspector = await Inspector.open(subject.inspectorUrls["relay"] ?? "", subject.origin);
  const round = async (): Promise<void> => {
    await load.run(get(KIB, 64, { warmUpMs: 0, measureMs: 1500 }).job(subject));
    await load.run(bulk("down", 64 * MIB).job(subject));
    await load.run(bulk("up", 64 * MIB).job(subject));
  };
  const kept = async (): Promise<number> => {
    await sleep(SETTLE_MS);
    await inspector.call("HeapProfiler.enable");
    await inspector.call("HeapProfiler.collectGarbage");
    const usage = (await inspector.call("Runtime.getHeapUsage")) as HeapUsage;
    return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
  };
  try {
    await round();
    const beforeBytes = await kept();
    for (let count = 0; count < ROUNDS; count += 1) await round();
    return { beforeBytes, afterBytes: await kept() };
  } finally {
    inspector.close();
  }
}

/** Runtime.getHeapUsage of the Chrome DevTools Protocol. */
interface HeapUsage {
  usedSize: number;
  embedderHeapUsedSize: number;
  backingStorageSize: number;
}
