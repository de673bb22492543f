import type { Clock } from "../../../shared/time/clock.ts";
import { OWN_CAPABILITIES } from "../../../shared/protocol/capabilities.ts";
import type { OpenHead } from "../../../shared/protocol/head.ts";
import type { ObjectList } from "../../../shared/protocol/object-list.ts";
import { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { Moves } from "../../../worker/exchange/moves.ts";
import type { ObjectLoad } from "../../../worker/registry/scaling/scaling.ts";
import { type Hops, nextHop } from "../../../worker/tunnel/hand-on.ts";
import { LoadReports } from "../../../worker/tunnel/load-reports.ts";
import { RequestRate } from "../../../worker/tunnel/request-rate.ts";
import { type Connection, TunnelConnections } from "../../../worker/tunnel/connections/tunnel-connections.ts";
import { formatServing, type TunnelObjects } from "../../../worker/tunnel/configuration/tunnel-objects.ts";
import type { StreamLimit } from "../../../shared/streams/stream-limit.ts";
import { memoryOf } from "../../support/memory.ts";

/** One thread, which can do a thousand small requests a second. */
const CPU_MS_PER_REQUEST = 1;
/** The platform refuses requests when this many are queued. */
const MAX_QUEUED = 1_000;
/** The default of a service's `connectorWaitMs`. */
const CONNECTOR_WAIT_MS = 5_000;

export interface Claim extends Hops {
  knownRevision?: number | undefined;
}

export interface Answer {
  /** Null unless it failed. */
  code: string | null;
  /** The object did not answer: it was lost during the request, or the platform refused. */
  isThrown?: true;
  /** The newer list of objects, if the claim asked for it. */
  objects?: string;
}

export interface ObjectWorld {
  clock: Clock;
  random: () => number;
  wayMs: number;
  /** How long the upstream takes. */
  upstreamMs: () => number;
  /** How many requests each simulated one stands for. */
  weight: number;
  sibling(name: string): SimObject | undefined;
  report(name: string, load: ObjectLoad): Promise<void>;
  /** Asks the Registry for the list. The Registry records that this object exists. */
  pull(name: string): TunnelObjects;
}

/** A connector's process, as an object sees it. */
export interface Linked {
  readonly id: string;
  readonly maxStreams: number;
  readonly limit: StreamLimit;
  readonly isDead: boolean;
}

export interface LinkEvents {
  onObjects(list: ObjectList): void;
  onLost(): void;
}

/** A connector's connection to an object, as the code of the tunnel sees it. */
export class SimLink implements Connection {
  readonly connectionId = "";
  readonly kid = "";
  readonly connectedAtMs = 0;
  readonly connector: Linked;
  readonly mux: Connection["mux"];
  readonly #events: LinkEvents;
  readonly #onLeave: () => void;
  readonly #list: () => ObjectList;
  /** The parts of a mux that the code checks before it opens a stream. */
  readonly #state: { isDraining: boolean; streamCount: number; openCredit: number };
  #isEnded = false;

  constructor(connector: Linked, events: LinkEvents, list: () => ObjectList, onLeave: () => void) {
    this.connector = connector;
    this.#events = events;
    this.#list = list;
    this.#onLeave = onLeave;
    const { maxStreams } = connector;
    this.#state = { isDraining: false, streamCount: 0, openCredit: maxStreams };
    const hello = { connectorId: connector.id, connectionIndex: 0, maxStreams };
    const fixed = { hello, peerCapabilities: OWN_CAPABILITIES, isSuspect: false, isResting: false };
    this.mux = Object.assign(this.#state, { ...fixed, open: () => ({}) }) as unknown as Connection["mux"];
  }

  count(change: 1 | -1): void {
    this.#state.streamCount += change;
    this.#state.openCredit -= change;
  }

  lastAliveMs(): number {
    return Infinity;
  }

  isFailing(): boolean {
    return false;
  }

  probe(): void {}

  welcome(): void {
    this.tellObjects();
  }

  tellObjects(): void {
    if (!this.#isEnded) this.#events.onObjects(this.#list());
  }

  drain(_graceMs: number, done: () => void): void {
    this.#state.isDraining = true;
    this.#onLeave();
    done();
  }

  /** The connector is gone. */
  cut(): void {
    this.#onLeave();
    this.lose();
  }

  /** The object is gone. */
  lose(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onLost();
  }
}

interface Life {
  core: TunnelConnections;
  links: Set<SimLink>;
  rate: RequestRate;
  loads: LoadReports;
  /** The object died. Everything that goes on in it fails at its next step. */
  isLost: boolean;
}

/** One Durable Object: a queue for its thread, around the product's own decisions. */
export class SimObject {
  readonly name: string;
  readonly #world: ObjectWorld;
  #config: TunnelObjects | null = null;
  #life: Life;
  #freeAtMs = 0;
  #openStreams = 0;

  constructor(name: string, world: ObjectWorld) {
    this.name = name;
    this.#world = world;
    this.#life = this.#newLife();
  }

  /** Everything that is open fails, and the connectors must dial again. */
  die(): void {
    const { links } = this.#life;
    this.#life.isLost = true;
    this.#life = this.#newLife();
    this.#life.core.arrivals.expect();
    this.#freeAtMs = 0;
    this.#openStreams = 0;
    for (const link of links) link.lose();
  }

  attach(connector: Linked, events: LinkEvents): SimLink {
    const life = this.#life;
    this.#pullOnce();
    const link: SimLink = new SimLink(
      connector,
      events,
      () => this.#list(),
      () => this.#leave(life, link),
    );
    life.links.add(link);
    life.core.attach(link);
    life.core.arrivals.arrived();
    life.loads.connectorsChanged();
    return link;
  }

  applyConfig(config: TunnelObjects): void {
    this.#config = config;
    for (const link of this.#life.links) link.tellObjects();
    this.#life.loads.connectorsChanged();
    if (config.list.some(({ name }) => name === this.name)) return;
    for (const link of this.#life.links) link.lose();
    this.#life.links.clear();
  }

  async fetch(head: OpenHead, claim: Claim): Promise<Answer> {
    const life = this.#life;
    try {
      return await this.#fetch(life, head, claim);
    } catch {
      // The object of this life died.
      return { code: "RELAY_RESTART", isThrown: true };
    }
  }

  async #fetch(life: Life, head: OpenHead, claim: Claim): Promise<Answer> {
    const { clock, weight, random, wayMs } = this.#world;
    const waitsMs = Math.max(0, this.#freeAtMs - clock.nowMs());
    if (waitsMs > MAX_QUEUED * CPU_MS_PER_REQUEST) return { code: "OVERLOADED", isThrown: true };
    const workMs = CPU_MS_PER_REQUEST * weight;
    this.#freeAtMs = clock.nowMs() + waitsMs + workMs;
    await this.#passed(life, waitsMs + workMs);
    const config = this.#pullOnce();
    const hop = nextHop(config, { name: this.name, takesRequests: life.core.takesRequests }, claim, random);
    if (hop !== null) {
      life.loads.handedOn();
      await this.#passed(life, wayMs);
      const sibling = this.#world.sibling(hop.object.name);
      if (sibling === undefined) return { code: "RELAY_RESTART", isThrown: true };
      return sibling.fetch(head, { ...claim, ...hop.hops });
    }
    for (let count = 0; count < weight; count++) life.rate.count(clock.nowMs());
    const code = await this.#carry(life, head);
    if (code === "OVERLOADED" && life.core.isFull) life.loads.overloaded();
    life.loads.finished(2_000 * weight);
    const isNewer = claim.knownRevision !== undefined && claim.knownRevision < config.revision;
    return { code, ...(isNewer ? { objects: formatServing(config) } : {}) };
  }

  /** Does what `relayRequest` does, with the same parts. */
  async #carry(life: Life, head: OpenHead): Promise<string | null> {
    const { core } = life;
    const { clock } = this.#world;
    const moves = new Moves({
      ...{ method: head.method, retry: undefined, budget: core.retries, nowMs: () => clock.nowMs() },
    });
    const headed = core.retries.requestBegan();
    const tried = new Set<Connection>();
    try {
      for (;;) {
        await core.waitForConnector(head, CONNECTOR_WAIT_MS);
        const { connection } = await core.whenRoom(head, () => core.open(head, true, DEAF, tried));
        const failure = await this.#serve(life, head, connection as SimLink);
        if (failure === null) return null;
        tried.add(connection);
        if (!core.hasOtherThan(tried) || !moves.take(failure)) throw failure;
      }
    } catch (thrown) {
      if (!(thrown instanceof TunnelError)) throw thrown;
      return thrown.code;
    } finally {
      headed();
    }
  }

  async #serve(life: Life, head: OpenHead, link: SimLink): Promise<TunnelError | null> {
    const { core } = life;
    const { wayMs, upstreamMs } = this.#world;
    link.count(1);
    this.#openStreams++;
    core.streamOpened(head);
    const { limit } = link.connector;
    await this.#later(wayMs);
    const isTaken =
      !link.connector.isDead && (await new Promise<boolean>((enter) => limit.whenPlace(head, enter)));
    if (isTaken) await this.#later(upstreamMs());
    if (isTaken) limit.release(head);
    await this.#passed(life, wayMs);
    link.count(-1);
    this.#openStreams--;
    core.creditCameBack(head);
    core.roomCame();
    if (link.connector.isDead) return new TunnelError("CONNECTOR_LOST", "the connector is gone");
    return isTaken
      ? null
      : new TunnelError("OVERLOADED", "the connector serves as many as it may", { notProcessed: true });
  }

  #leave({ core, links, loads }: Life, link: SimLink): void {
    links.delete(link);
    core.detach(link);
    loads.connectorsChanged();
  }

  #pullOnce(): TunnelObjects {
    return (this.#config ??= this.#world.pull(this.name));
  }

  #list(): ObjectList {
    const { revision, list } = this.#pullOnce();
    return { revision, names: list.map(({ name }) => name) };
  }

  /** Waits. Throws if the object has died in the meantime. */
  async #passed(life: Life, ms: number): Promise<void> {
    await this.#later(ms);
    if (life.isLost) throw new Error("the object was lost");
  }

  #later(ms: number): Promise<void> {
    return new Promise((done) => this.#world.clock.after(ms, done));
  }

  #newLife(): Life {
    const { clock, random, weight } = this.#world;
    const core = new TunnelConnections(clock, random, memoryOf());
    const rate = new RequestRate();
    const links = new Set<SimLink>();
    const phase = () => this.#config?.list.find(({ name }) => name === this.name)?.phase;
    const life: Life = {
      ...{ core, links, rate, isLost: false },
      loads: new LoadReports({
        clock,
        random,
        measure: () => ({
          connectors: new Set([...links].map(({ connector }) => connector.id)).size,
          requestsPerSecond: rate.perSecond(clock.nowMs()),
          openStreams: this.#openStreams * weight,
          isLeaving: phase() === "leaving",
        }),
        isWatched: () => (this.#config?.list.length ?? 1) > 1,
        isLeaving: () => phase() === "leaving",
        send: async (load) => {
          if (!life.isLost) await this.#world.report(this.name, load);
        },
      }),
    };
    return life;
  }
}

const DEAF = { onReadable() {}, onWritable() {}, onClosed() {} };
