import { setTimeout as sleep } from "node:timers/promises";
import { Inspector } from "../instruments/inspector.ts";
import { residentBytes } from "../instruments/process-usage.ts";
import type { CulvertSubject } from "../subjects/culvert.ts";

const SAMPLE_PAUSE_MS = 300;
const USAGES = ["Runtime.getHeapUsage", "Runtime.getHeapUsage"] as const;
const LOOKS = 3;
/** Each measurement stops the relay for several collections. This allows it to take a third of the time. */
const REST_FACTOR = 2;

/** Runtime.getHeapUsage of the Chrome DevTools Protocol. */
interface HeapUsage {
  usedSize: number;
  embedderHeapUsedSize: number;
  backingStorageSize: number;
}

export interface PeakMemory {
  /** V8's heap and array buffers in the relay's isolate, after two collections. */
  relayLiveBytes: number;
  /** The resident memory of the largest connector process. */
  connectorBytes: number;
}

/** Records the highest live memory of the relay's isolate, and the highest resident memory of a connector. */
export class MemoryWatch {
  readonly #subjects: readonly CulvertSubject[];
  readonly #inspector: Inspector;
  readonly #restFactor: number;
  readonly #peak: PeakMemory = { relayLiveBytes: 0, connectorBytes: 0 };
  #stopped = false;
  readonly #done: Promise<void>;

  private constructor(subjects: readonly CulvertSubject[], inspector: Inspector, restFactor: number) {
    this.#subjects = subjects;
    this.#inspector = inspector;
    this.#restFactor = restFactor;
    this.#done = this.#run();
  }

  /** `restFactor`: rests this many times as long as a measurement took. */
  static async start(
    subjects: readonly CulvertSubject[],
    restFactor: number = REST_FACTOR,
  ): Promise<MemoryWatch> {
    const [first] = subjects;
    const inspector = await Inspector.open(first?.inspectorUrls["relay"] ?? "", first?.origin ?? "");
    await inspector.call("HeapProfiler.enable");
    return new MemoryWatch(subjects, inspector, restFactor);
  }

  async stop(): Promise<PeakMemory> {
    this.#stopped = true;
    await this.#done;
    this.#inspector.close();
    return this.#peak;
  }

  async #run(): Promise<void> {
    const peak = this.#peak;
    do {
      const startedMs = performance.now();
      peak.relayLiveBytes = Math.max(peak.relayLiveBytes, await this.#live());
      for (const pid of this.#subjects.flatMap(({ connectorPids }) => connectorPids)) {
        peak.connectorBytes = Math.max(peak.connectorBytes, residentBytes(pid).peak);
      }
      await sleep(Math.max(SAMPLE_PAUSE_MS, this.#restFactor * (performance.now() - startedMs)));
    } while (!this.#stopped);
  }

  /**
   * The lowest of several measurements. Others contain what arrived after the collection, and dead objects that were not
   * freed yet.
   */
  async #live(): Promise<number> {
    let leastBytes = Infinity;
    for (let look = 0; look < LOOKS; look += 1) {
      const calls = ["HeapProfiler.collectGarbage", "HeapProfiler.collectGarbage", ...USAGES];
      const answers = await Promise.all(calls.map((method) => this.#inspector.call(method)));
      for (const usage of answers.slice(2) as HeapUsage[]) {
        const bytes = usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
        leastBytes = Math.min(leastBytes, bytes);
      }
      const usage = (await this.#inspector.call(USAGES[0])) as HeapUsage;
      leastBytes = Math.min(
        leastBytes,
        usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize,
      );
    }
    return leastBytes;
  }
}
