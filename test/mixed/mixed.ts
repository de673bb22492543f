import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../scripts/demo/eventually.ts";
import { contentOf } from "../chaos/content.ts";
import { chaosRequest } from "../chaos/requests.ts";
import { Dice } from "../support/dice.ts";
import { residentBytes } from "../support/system.ts";
import { HOSTILE_KINDS, type HostileKind } from "./hostile.ts";
import { Patience } from "./patience.ts";
import { type Kept, World } from "./world.ts";

const HONEST_LANES = 8;
const SETTLE_MS = 90_000;
const WATCH_MS = 500;
/** The share of the time in which caches fill and code is compiled. Growth is measured from its end. */
const WARM_UP_SHARE = 0.3;

export interface MixedOptions {
  seed: number;
  seconds: number;
  /** The hostile kinds to run; null: all. */
  kinds: readonly string[] | null;
  say: (line: string) => void;
}

export interface MixedReport {
  /** What honest callers lost, and what ended although it must not. */
  problems: string[];
  honest: Record<string, number>;
  hostile: Record<string, number>;
  /** For small requests of an honest caller, alone and beside the others. */
  p99Ms: { alone: number; among: number };
  /** After a garbage collection with nothing open: after the warm-up, and at the end. */
  kept: { before: Kept; after: Kept };
  /** The maximum of each process. */
  peakResidentBytes: { relay: number; connector: number };
  openStreams: number;
  openAtUpstreams: number;
}

/** Caches, pools and code: how much more may be in use after the run than after its warm-up. */
const ALLOWED_GROWTH_BYTES = 8 * 2 ** 20;

/** The processes whose memory has not returned to where it was. */
export function grown({ kept: { before, after } }: Pick<MixedReport, "kept">): string[] {
  const all = ({ relay, connectors }: Kept) => [relay, ...connectors];
  return all(after).flatMap((bytes, index) => {
    const growth = bytes - (all(before)[index] ?? 0);
    const who = index === 0 ? "the relay" : `connector ${index}`;
    return growth > ALLOWED_GROWTH_BYTES ? [`${who} keeps ${mib(growth)} MiB more`] : [];
  });
}

/** Runs hostile callers of each kind beside honest ones on one tunnel, and then checks what is left. */
export async function runMixed(options: MixedOptions): Promise<MixedReport> {
  const world = new World();
  try {
    await world.start();
    return await new MixedRun(world, options).run();
  } finally {
    await world.stop();
  }
}

class MixedRun {
  readonly #world: World;
  readonly #options: MixedOptions;
  readonly #kinds: readonly HostileKind[];
  readonly #problems: string[] = [];
  readonly #honest = new Map<string, number>();
  readonly #hostile = new Map<string, number>();
  readonly #peak = { relay: 0, connector: 0 };
  #latenciesMs: number[] = [];
  readonly #patience = new Patience();
  #nextId = 0;

  constructor(world: World, options: MixedOptions) {
    this.#world = world;
    this.#options = options;
    this.#kinds = HOSTILE_KINDS.filter(
      ({ name, needsNames }) =>
        (options.kinds?.includes(name) ?? true) && (needsNames !== true || world.namesHang),
    );
  }

  async run(): Promise<MixedReport> {
    const { seconds, say } = this.#options;
    if (!this.#world.namesHang)
      say("names cannot be made to hang here (root and unshare do that): not played");
    await this.#play(Math.min(5, seconds * 0.1), []);
    const alone = this.#p99();
    await this.#play(seconds * WARM_UP_SHARE, this.#kinds);
    await this.#settle();
    const before = await this.#world.kept();
    say(`after the warm-up: ${describe(before)}`);
    await this.#play(seconds * (1 - WARM_UP_SHARE), this.#kinds);
    const among = this.#p99();
    const { openStreams, openAtUpstreams } = await this.#settle();
    const after = await this.#world.kept();
    say(`at the end: ${describe(after)}`);
    if (this.#problems.length > 0) for (const failure of await this.#world.failures()) say(failure);
    for (const connector of this.#world.connectors) {
      if (!connector.running())
        this.#problems.push(`a connector ended: ${connector.lines.slice(-5).join("\n")}`);
    }
    return {
      problems: this.#problems,
      honest: Object.fromEntries(this.#honest),
      hostile: Object.fromEntries(this.#hostile),
      p99Ms: { alone, among },
      kept: { before, after },
      peakResidentBytes: this.#peak,
      openStreams,
      openAtUpstreams,
    };
  }

  /** Runs honest callers, and these hostile ones beside them, for this long. */
  async #play(seconds: number, kinds: readonly HostileKind[]): Promise<void> {
    const over = AbortSignal.timeout(Math.round(seconds * 1_000));
    this.#latenciesMs = [];
    const { seed } = this.#options;
    const honest = Array.from({ length: HONEST_LANES }, (_, lane) =>
      this.#honestLane(new Dice(seed * 1_000 + lane), over),
    );
    const hostile = kinds.flatMap((kind, number) =>
      Array.from({ length: kind.lanes }, (_, lane) =>
        this.#hostileLane(kind, new Dice(seed * 7_919 + number * 1_000 + lane), over),
      ),
    );
    await Promise.all([...honest, ...hostile, this.#lookAtTheClock(over), this.#watch(over)]);
  }

  async #honestLane(dice: Dice, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { signal, done } = this.#patience.begin();
      const target = {
        url: (service: string, path: string) => this.#world.url("HONEST", service, path),
        patience: () => signal,
      };
      const id = `h${this.#nextId++}`;
      const keyed = dice.below(10) === 0;
      const { result, problem } = keyed ? await this.#byKey(id) : await chaosRequest(target, id, dice);
      done();
      this.#honest.set(result, (this.#honest.get(result) ?? 0) + 1);
      if (problem !== null) this.#fail(`${id}: ${problem}`);
      else if (result !== "ok" && result !== "cancelled") this.#fail(`${id}: ${result}`);
    }
  }

  /** Sends a request to `/~/` from the address from which others guess. */
  async #byKey(id: string): Promise<{ result: string; problem: string | null }> {
    const { relayUrl, tunnelId, gatewayKey } = this.#world;
    try {
      const response = await fetch(`${relayUrl}/~/${tunnelId}/api/work?id=${id}&bytes=500`, {
        headers: { "culvert-gateway-key": gatewayKey },
      });
      const body = Buffer.from(await response.arrayBuffer());
      if (response.status !== 200) return { result: `by key ${response.status}`, problem: body.toString() };
      return { result: "ok", problem: body.equals(contentOf(id, 500)) ? null : "wrong bytes by key" };
    } catch (error) {
      return { result: "by key", problem: String(error) };
    }
  }

  /** Measures how long small requests of an honest caller take. */
  async #lookAtTheClock(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const startedMs = performance.now();
      const url = this.#world.url("HONEST", "api", `/work?id=c${this.#nextId++}&bytes=10&length`);
      const status = await fetch(url)
        .then(async (response) => {
          await response.arrayBuffer();
          return response.status;
        })
        .catch((error: unknown) => String(error));
      this.#latenciesMs.push(performance.now() - startedMs);
      this.#patience.served();
      if (status !== 200) this.#fail(`a small request: ${status}`);
      await sleep(10);
    }
  }

  async #hostileLane(kind: HostileKind, dice: Dice, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await kind.attack(this.#world, dice, over);
      await this.#world.caughtUp();
      this.#hostile.set(kind.name, (this.#hostile.get(kind.name) ?? 0) + 1);
    }
  }

  async #watch(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { relay, connectors } = this.#world.pids;
      this.#peak.relay = Math.max(this.#peak.relay, await residentBytes(relay));
      const sizes = await Promise.all(connectors.map(residentBytes));
      this.#peak.connector = Math.max(this.#peak.connector, ...sizes);
      await sleep(WATCH_MS);
    }
  }

  /** Resolves when nothing is open any more, or when that takes too long. */
  async #settle(): Promise<{ openStreams: number; openAtUpstreams: number }> {
    const { upstream, hostileUpstream } = this.#world;
    const openAtUpstreams = () => upstream.open + hostileUpstream.open;
    const done = async () => (await this.#world.openStreams()) === 0 && openAtUpstreams() === 0;
    await eventually("all to end", SETTLE_MS, done).catch((error: unknown) =>
      this.#options.say(String(error)),
    );
    return { openStreams: await this.#world.openStreams(), openAtUpstreams: openAtUpstreams() };
  }

  #fail(problem: string): void {
    this.#problems.push(problem);
    this.#options.say(problem);
  }

  #p99(): number {
    const sorted = this.#latenciesMs.toSorted((left, right) => left - right);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

function describe({ relay, connectors }: Kept): string {
  return `the relay keeps ${mib(relay)} MiB, the connectors ${connectors.map(mib).join(" and ")}`;
}
