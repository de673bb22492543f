import { once } from "node:events";
import { WebSocket } from "ws";

/** As V8 gives it (Chrome DevTools Protocol, Profiler.Profile), as far as it is read here. */
export interface CpuProfile {
  nodes: readonly {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}

const SAMPLING_US = 200;

/** V8's sampling profiler in another process, by its inspector. */
export class CpuProfiler {
  readonly #inspector: WebSocket;
  readonly #wakeUpUrl: string;
  #lastId = 0;

  /** `wakeUpUrl`: an isolate of workerd takes messages only when it runs next. */
  private constructor(inspector: WebSocket, wakeUpUrl: string) {
    this.#inspector = inspector;
    this.#wakeUpUrl = wakeUpUrl;
  }

  static async start(inspectorUrl: string, wakeUpUrl: string): Promise<CpuProfiler> {
    const profiler = new CpuProfiler(new WebSocket(inspectorUrl, { maxPayload: 0 }), wakeUpUrl);
    await once(profiler.#inspector, "open");
    await profiler.#call("Profiler.enable");
    await profiler.#call("Profiler.setSamplingInterval", { interval: SAMPLING_US });
    await profiler.#call("Profiler.start");
    return profiler;
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.#call("Profiler.stop")) as { profile: CpuProfile };
    this.#inspector.terminate();
    return profile;
  }

  #call(method: string, params = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((done) => {
      const listen = (data: Buffer): void => {
        const message = JSON.parse(data.toString("utf8")) as { id?: number; result?: unknown };
        if (message.id !== id) return;
        this.#inspector.off("message", listen);
        done(message.result);
      };
      this.#inspector.on("message", listen);
    });
    this.#inspector.send(JSON.stringify({ id, method, params }));
    void fetch(`${this.#wakeUpUrl}/bytes/0`).then((response) => response.arrayBuffer());
    return answer;
  }
}

/** Share of the time in each function, itself alone; idle time is left out. */
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
