import type { OpenHead } from "../../../shared/protocol/head.ts";
import { overObjects, verdictOnCode, verdictOnFailure } from "../../../worker/objects/over-objects.ts";
import { migrate } from "../../../worker/registry/stores/migrations.ts";
import { ObjectScaling } from "../../../worker/registry/scaling/object-scaling.ts";
import { TunnelObjectStore } from "../../../worker/registry/stores/tunnel-object-store.ts";
import type { ObjectLoad, ScalingWish } from "../../../worker/registry/scaling/scaling.ts";
import { ServingObjects } from "../../../worker/objects/serving-objects.ts";
import { Dice } from "../../support/dice.ts";
import { SimClock } from "./sim-clock.ts";
import { SimConnector } from "./sim-connector.ts";
import { type Answer, type Claim, SimObject } from "./sim-object.ts";
import { sqliteStorage } from "./sqlite.ts";

const TUNNEL = "tnl_abcdefghij234567abcd";
/** A start time that is not 0, because 0 means "never" in some places. */
const BEGINS_AT_MS = 1_000_000;
/** The delay between any two of gateway, object, Registry and connector, one way. */
const WAY_MS = 2;
/** The least and the most time that an upstream takes. */
const UPSTREAM_MS = [15, 25] as const;
const SERVICES = 200;
const CALLERS = 20;
/** One of this many requests is a POST, which is not safe to send again. */
const POST_EVERY = 5;

export interface SimOptions {
  connectors: number;
  /** How many additional connectors have a version without lists of objects. */
  oldConnectors?: number;
  /** How many isolates of the gateway's Worker there are. Each knows only what it has seen itself. */
  gateways?: number;
  wish?: Partial<ScalingWish>;
  /** Each simulated request stands for this many. The results are rougher, and the run is that much faster. */
  weight?: number;
  seed?: number;
}

/** The outcomes of requests. */
export class Outcomes {
  readonly codes = new Map<string, number>();
  /** Counts by tenths of a millisecond. */
  readonly #latencies: number[] = [];
  count = 0;
  /** Answered by the upstream. */
  answered = 0;

  add({ code }: Answer, latencyMs: number): void {
    this.count++;
    if (code !== null) return void this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    const tenths = Math.ceil(latencyMs * 10);
    this.#latencies[tenths] = (this.#latencies[tenths] ?? 0) + 1;
    this.answered++;
  }

  /** A percentile of the answered requests. */
  percentileMs(percent: number): number {
    let left = (this.answered * percent) / 100;
    for (const [tenths, count = 0] of this.#latencies.entries()) if ((left -= count) < 0) return tenths / 10;
    return NaN;
  }

  /** The share of requests that were refused because there was no room or no connector. */
  get shed(): number {
    return ((this.codes.get("OVERLOADED") ?? 0) + (this.codes.get("NO_CONNECTOR") ?? 0)) / this.count;
  }
}

/**
 * A tunnel on many objects with the product's own decisions: how gateways choose an object, how objects hand requests on
 * and choose a connection, their reports of load, the Registry's edits of the list, and how connectors attach. Simulated
 * are only time, one thread for each object, and the cost of requests.
 */
export class SimTunnel {
  readonly clock = new SimClock();
  readonly #dice: Dice;
  readonly #weight: number;
  readonly #storage = sqliteStorage();
  readonly #store = new TunnelObjectStore(this.#storage.sql);
  readonly #scaling = new ObjectScaling(this.#store);
  readonly #objects = new Map<string, SimObject>();
  readonly #gateways: readonly ServingObjects[];
  readonly #services: readonly number[];
  readonly connectors: SimConnector[] = [];
  /** How many answers contained the list of objects. */
  listsTold = 0;
  /** When an object first reported 400 requests a second. */
  busyAtMs: number | undefined;
  /** When a request first went to another object than the first. */
  firstOnNewAtMs: number | undefined;
  /** While true, the Registry gets no report and no call. */
  isRegistryAway = false;
  #cancelLook = (): void => {};
  #sent = 0;
  #underWay = 0;

  constructor({ connectors, oldConnectors = 0, gateways = 16, wish = {}, weight = 1, seed = 1 }: SimOptions) {
    this.#dice = new Dice(seed);
    this.#weight = weight;
    this.#services = zipf(SERVICES);
    migrate(this.#storage);
    this.#storage.sql.exec(
      "INSERT INTO tunnels (id, name, created_at_ms, config_version) VALUES (?, ?, ?, 1)",
      ...[TUNNEL, "simulated", BEGINS_AT_MS],
    );
    this.#store.add(TUNNEL, { name: TUNNEL, location: null, phase: "serving" }, BEGINS_AT_MS);
    this.#store.setWish(TUNNEL, { min: 1, max: 32, location: null, drainMs: 60_000, ...wish });
    const random = () => this.#dice.random();
    this.#gateways = Array.from(
      { length: gateways },
      () => new ServingObjects(() => this.clock.nowMs(), random),
    );
    const world = {
      ...{ clock: this.clock, random, tunnelId: TUNNEL, wayMs: WAY_MS, weight },
      dialled: (name: string | null) => this.#dialled(name),
    };
    for (let number = 0; number < connectors + oldConnectors; number++) {
      this.clock.after(BEGINS_AT_MS, () => {
        this.connectors.push(new SimConnector(`con_${number}`, world, number >= connectors));
      });
    }
  }

  /** Resolves when all wanted objects serve. */
  async start(): Promise<void> {
    await this.clock.runTo(BEGINS_AT_MS + 100);
    this.#look();
    await this.pass(20_000);
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  serving(): number {
    return this.#store.of(TUNNEL).filter(({ phase }) => phase === "serving").length;
  }

  /** What an operator sets. */
  want(wish: Partial<ScalingWish>): void {
    const before = this.#store.wish(TUNNEL);
    if (before === null) return;
    this.#store.setWish(TUNNEL, { ...before, ...wish });
    this.#scaling.wishChanged(TUNNEL, this.#registryMs);
    this.#look();
  }

  locations(): (string | null)[] {
    return this.#store.of(TUNNEL).map(({ location }) => location);
  }

  listed(): number {
    return this.#store.of(TUNNEL).length;
  }

  pass(forMs: number): Promise<void> {
    return this.clock.runTo(this.clock.nowMs() + forMs);
  }

  /** Sends this many requests a second, at random times, for this long, and waits for the last of them. */
  async load(perSecond: number, forMs: number): Promise<Outcomes> {
    const outcomes = new Outcomes();
    const untilMs = this.clock.nowMs() + forMs;
    const meanMs = (1_000 * this.#weight) / perSecond;
    const next = (): void => {
      if (this.clock.nowMs() >= untilMs) return;
      void this.#request(outcomes);
      this.clock.after(-Math.log(1 - this.#dice.random()) * meanMs, next);
    };
    next();
    await this.clock.runTo(untilMs);
    while (this.#underWay > 0) await this.pass(100);
    return outcomes;
  }

  /** After this delay, kills a random object that serves. */
  killAfter(delayMs: number): void {
    this.clock.after(delayMs, () => {
      const serving = this.#store.of(TUNNEL).filter(({ phase }) => phase === "serving");
      this.#objects.get(serving[this.#dice.below(serving.length)]?.name ?? "")?.die();
    });
  }

  async #request(outcomes: Outcomes): Promise<void> {
    const serving = this.#gateways[this.#sent % this.#gateways.length];
    if (serving === undefined) return;
    const method = this.#sent++ % POST_EVERY === 0 ? "POST" : "GET";
    const hasBody = method === "POST";
    const head = this.#head(method);
    const beganAtMs = this.clock.nowMs();
    this.#underWay++;
    const answer = await overObjects<Answer>(
      serving,
      TUNNEL,
      async (object) => {
        const { name, knownRevision } = object;
        const claim: Claim = knownRevision === undefined ? {} : { knownRevision };
        await this.#later(WAY_MS);
        if (name !== TUNNEL) this.firstOnNewAtMs ??= this.clock.nowMs();
        const told = await this.#object(name).fetch(head, claim);
        await this.#later(WAY_MS);
        if (told.objects !== undefined) {
          this.listsTold++;
          serving.learn(TUNNEL, told.objects);
        }
        object.done();
        return told;
      },
      ({ code, isThrown }) => (isThrown ? verdictOnFailure(method, hasBody) : verdictOnCode(code, hasBody)),
    );
    this.#underWay--;
    outcomes.add(answer, this.clock.nowMs() - beganAtMs);
  }

  #head(method: string): OpenHead {
    const service = `service-${this.#services[this.#dice.below(this.#services.length)]}`;
    const caller = { project: `project-${this.#dice.below(CALLERS)}`, environment: "production" };
    const target = "http://upstream:80";
    return { kind: "http", target, service, method, path: "/", ...caller, requestId: "", fields: [] };
  }

  #object(name: string): SimObject {
    const before = this.#objects.get(name);
    if (before !== undefined) return before;
    const object = new SimObject(name, {
      ...{ clock: this.clock, random: () => this.#dice.random(), wayMs: WAY_MS, weight: this.#weight },
      upstreamMs: () => UPSTREAM_MS[0] + this.#dice.random() * (UPSTREAM_MS[1] - UPSTREAM_MS[0]),
      sibling: (other) => this.#objects.get(other),
      report: (from, load) => this.#report(from, load),
      pull: (by) => {
        this.#store.markPulled(by);
        return this.#store.list(TUNNEL);
      },
    });
    this.#objects.set(name, object);
    return object;
  }

  #dialled(name: string | null): SimObject | null {
    const list = this.#store.of(TUNNEL);
    const object =
      name === null ? list.find(({ phase }) => phase === "serving") : list.find((one) => one.name === name);
    return object === undefined ? null : this.#object(object.name);
  }

  async #report(name: string, load: ObjectLoad): Promise<void> {
    await this.#later(WAY_MS);
    if (load.requestsPerSecond >= 400) this.busyAtMs ??= this.clock.nowMs();
    if (this.isRegistryAway) throw new Error("the Registry cannot be reached");
    if (this.#scaling.report(name, load, this.#registryMs)) this.#look();
  }

  /** The Registry's clock has whole milliseconds. */
  get #registryMs(): number {
    return Math.round(this.clock.nowMs());
  }

  /** What the Registry does after a report, and in its alarm. */
  #look(): void {
    const nowMs = this.#registryMs;
    const edits = this.#scaling.apply(TUNNEL, nowMs);
    if (edits.length > 0) {
      const list = this.#store.list(TUNNEL);
      const listed = this.#store.of(TUNNEL).filter(({ pulled }) => pulled);
      const leavers = edits.filter(({ edit, pulled }) => edit === "remove" && pulled);
      for (const { name } of [...listed, ...leavers])
        this.clock.after(WAY_MS, () => this.#objects.get(name)?.applyConfig(list));
    }
    this.#cancelLook();
    const nextMs = this.#scaling.nextLookMs();
    if (nextMs !== null) this.#cancelLook = this.clock.after(Math.max(0, nextMs - nowMs), () => this.#look());
  }

  #later(ms: number): Promise<void> {
    return new Promise((done) => this.clock.after(ms, done));
  }
}

/** Service numbers that occur as often as Zipf's law says: the second half as often as the first. */
function zipf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    Array.from({ length: Math.ceil(1_000 / (index + 1)) }, () => index),
  );
}
