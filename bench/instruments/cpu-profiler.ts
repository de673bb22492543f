import { Inspector } from "./inspector.ts";

/** The parts of V8's profile that are used here (Chrome DevTools Protocol, Profiler.Profile). */
export interface CpuProfile {
  nodes: readonly {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}

const SAMPLING_US = 200;

/** V8's sampling profiler in another process. */
export class CpuProfiler {
  readonly #inspector: Inspector;

  private constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  static async start(inspectorUrl: string, wakeUpUrl: string): Promise<CpuProfiler> {
    const inspector = await Inspector.open(inspectorUrl, wakeUpUrl);
    await inspector.call("Profiler.enable");
    await inspector.call("Profiler.setSamplingInterval", { interval: SAMPLING_US });
    await inspector.call("Profiler.start");
    return new CpuProfiler(inspector);
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.#inspector.call("Profiler.stop")) as { profile: CpuProfile };
    this.#inspector.close();
    return profile;
  }
}

/** The share of the time that each function itself takes, without the functions that it calls. Idle time is left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): { name: string; share: number }[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      url === ""
        ? functionName
        : `${functionName || "(anonymous)"} ${url.split("/").at(-1)}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? "";
    if (name === "(idle)") continue;
    const elapsed = timeDeltas[index] ?? 0;
    total += elapsed;
    times.set(name, (times.get(name) ?? 0) + elapsed);
  }
  return [...times]
    .map(([name, elapsed]) => ({ name, share: elapsed / total }))
    .sort((a, b) => b.share - a.share);
}
