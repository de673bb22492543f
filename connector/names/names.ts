/*
 * The addresses of a name: from the hosts file, then from DNS. `dial-host.ts` asks it for every host.
 *
 * A name that hangs delays no other: look-ups do not use libuv's threads, are one per name, and are bounded in number. An address is
 * kept for ten seconds at most, and never longer than its record allows.
 *
 * docs/connector.md#names; decision 0036.
 */
import { getServers } from "node:dns";
import { hostname } from "node:os";
import { type Clock, elapsedMs, type Moment, momentOf } from "../../shared/time/clock.ts";
import { type Address, literalAddress } from "./address.ts";
import { type AskServer, serverAsker } from "./ask-server.ts";
import { type Hosts, parseHosts } from "./hosts-file.ts";
import { parseResolvConf, type ResolvConf } from "./resolv-conf.ts";
import { searchDns } from "./search.ts";
import { WatchedFile } from "./watched-file.ts";

/** Each look-up in flight uses two sockets. */
const MAX_IN_FLIGHT = 128;
/** Healthy look-ups take milliseconds. If all places are taken, the oldest one is given up once it has had this time. */
const GIVES_WAY_AFTER_MS = 500;
/** Upper limit on a record's own time: a service that has moved is found again soon, and a burst still asks only once. */
const MAX_KEPT_MS = 10_000;
/** A failure is cached for this long, so that requests for a name without addresses do not flood the DNS servers. */
const FAILURE_KEPT_MS = 1_000;
const MAX_KEPT = 1_024;

const HOSTS_PATH =
  process.platform === "win32"
    ? `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\drivers\\etc\\hosts`
    : "/etc/hosts";

/** On systems without a resolv.conf, c-ares gets the servers from the system. */
function systemConf(text: string): ResolvConf {
  return parseResolvConf(text, { hostName: hostname(), servers: getServers() });
}

const LOOPBACK: readonly Address[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** Of a look-up that no caller of a tunnel asked for. */
const NOBODY = "";

/** RFC 1035 §2.3.4. Only lengths are checked; whether DNS knows a name with unusual characters is for DNS to say. */
const NAME = /^(?=.{1,253}$)[^\s.]{1,63}(?:\.[^\s.]{1,63})*$/u;

export interface LookUpEvents {
  /** Called once or more, because one family's addresses may come before the other's. Addresses are never repeated. */
  onAddresses(addresses: readonly Address[]): void;
  /** The last event. `problem` is set if no address came, and goes into error messages. */
  onEnd(problem: string | null): void;
}

export interface NameFiles {
  hostsPath?: string;
  resolvConfPath?: string;
}

export interface NamesOptions extends NameFiles {
  clock: Clock;
  /** For tests. */
  askServer?: AskServer;
}

/** What a dial needs of `Names`. */
export type NameSource = Pick<Names, "lookUp" | "forget" | "servers">;

interface Flight {
  name: string;
  startedAtMs: number;
  /** Null: several callers' requests wait for it. */
  caller: string | null;
  found: Address[];
  /** The shortest time of the records found. */
  ttlSeconds: number;
  readonly waiting: Set<LookUpEvents>;
  cancel: () => void;
}

interface Kept {
  addresses: readonly Address[];
  problem: string | null;
  since: Moment;
  forMs: number;
}

/**
 * The addresses of names: from the hosts file, then from DNS as resolv.conf says. Both files are read again when they change.
 * It never uses getaddrinfo, which has few threads: a name that does not answer would block one of them for a long time.
 *
 * Simultaneous look-ups of a name share one query. It ends with its last waiter, or at resolv.conf's time limit.
 */
export class Names {
  readonly #clock: Clock;
  readonly #askServer: AskServer;
  readonly #hosts: WatchedFile<Hosts>;
  readonly #conf: WatchedFile<ResolvConf>;
  /** Look-ups that a new waiter may join, by name. */
  readonly #joinable = new Map<string, Flight>();
  /** All look-ups under way, the oldest first. */
  readonly #flights = new Set<Flight>();
  readonly #kept = new Map<string, Kept>();
  #versions = "";

  constructor(options: NamesOptions) {
    const { clock, hostsPath = HOSTS_PATH, resolvConfPath = "/etc/resolv.conf" } = options;
    this.#clock = clock;
    this.#askServer = options.askServer ?? serverAsker(clock);
    this.#hosts = new WatchedFile(hostsPath, parseHosts);
    this.#conf = new WatchedFile(resolvConfPath, (text) => systemConf(text));
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  /** The DNS servers, for error messages. */
  get servers(): readonly string[] {
    return this.#conf.read().servers;
  }

  /** `host` is a name or an address without brackets. No event comes before this returns or after it was cancelled. */
  lookUp(host: string, events: LookUpEvents, caller = NOBODY): () => void {
    let isOver = false;
    let leave = (): void => {};
    const guarded: LookUpEvents = {
      onAddresses(addresses) {
        if (!isOver) events.onAddresses(addresses);
      },
      onEnd(problem) {
        if (isOver) return;
        isOver = true;
        events.onEnd(problem);
      },
    };
    queueMicrotask(() => {
      if (isOver) return;
      leave = this.#start(host.toLowerCase(), guarded, caller);
      // The waiter cancelled while it handled these addresses.
      if (isOver) leave();
    });
    return () => {
      isOver = true;
      leave();
    };
  }

  /** All addresses, once the look-up is complete. */
  addressesOf(host: string): Promise<{ addresses: string[]; problem: string | null }> {
    const addresses: string[] = [];
    return new Promise((resolve) => {
      this.lookUp(host, {
        onAddresses: (found) => addresses.push(...found.map(({ address }) => address)),
        onEnd: (problem) => resolve({ addresses, problem }),
      });
    });
  }

  /** Call it if none of the addresses could be reached. The next look-up then asks DNS again. */
  forget(host: string): void {
    this.#kept.delete(host.toLowerCase());
  }

  #start(host: string, events: LookUpEvents, caller: string): () => void {
    const settled = this.#withoutDns(host) ?? this.#keptOf(host);
    if (settled !== null) {
      if (settled.addresses.length > 0) events.onAddresses(settled.addresses);
      events.onEnd(settled.problem);
      return () => {};
    }
    const flight = this.#joinable.get(host) ?? this.#begin(host, caller);
    if (flight === null) {
      events.onEnd(`${host} has no address: ${MAX_IN_FLIGHT} other names are being looked up`);
      return () => {};
    }
    if (flight.caller !== caller) flight.caller = null;
    flight.waiting.add(events);
    if (flight.found.length > 0) events.onAddresses([...flight.found]);
    return () => {
      if (flight.waiting.delete(events) && flight.waiting.size === 0) this.#abandon(flight);
    };
  }

  /** The answer without DNS; null: DNS has to be asked. */
  #withoutDns(host: string): Pick<Kept, "addresses" | "problem"> | null {
    const literal = literalAddress(host);
    if (literal !== null) return { addresses: [literal], problem: null };
    const name = host.replace(/\.$/, "");
    const hosts = this.#hosts.read().get(name);
    if (hosts !== undefined) return { addresses: hosts, problem: null };
    // RFC 6761 §6.3: DNS is never asked for these names, because it might answer with other addresses.
    if (name === "localhost" || name.endsWith(".localhost")) return { addresses: LOOPBACK, problem: null };
    // RFC 6761 §6.4.
    if (name === "invalid" || name.endsWith(".invalid")) {
      return { addresses: [], problem: `${name} has no address: no name under invalid has one` };
    }
    if (!NAME.test(name))
      return { addresses: [], problem: `${name} has no address: it is not a valid host name` };
    return null;
  }

  #keptOf(host: string): Kept | null {
    this.#conf.read();
    const versions = `${this.#hosts.version} ${this.#conf.version}`;
    if (versions !== this.#versions) {
      // The files changed, so cached answers no longer count. Whoever waits for an older look-up still gets its answer.
      this.#versions = versions;
      this.#kept.clear();
      this.#joinable.clear();
    }
    const kept = this.#kept.get(host);
    if (kept === undefined) return null;
    if (elapsedMs(this.#clock, kept.since) < kept.forMs) return kept;
    this.#kept.delete(host);
    return null;
  }

  /** Where all places are taken: who has the most gives up its oldest, at once to one with fewer, else if that takes long. */
  #givingWayTo(caller: string, nowMs: number): Flight | null {
    const counts = new Map<string | null, number>();
    for (const flight of this.#flights) counts.set(flight.caller, (counts.get(flight.caller) ?? 0) + 1);
    const mostCount = Math.max(...counts.values());
    for (const flight of this.#flights) {
      if (counts.get(flight.caller) !== mostCount) continue;
      const isOwed = mostCount > (counts.get(caller) ?? 0) + 1;
      return isOwed || nowMs - flight.startedAtMs >= GIVES_WAY_AFTER_MS ? flight : null;
    }
    return null;
  }

  #begin(name: string, caller: string): Flight | null {
    const nowMs = this.#clock.nowMs();
    if (this.#flights.size >= MAX_IN_FLIGHT) {
      const oldest = this.#givingWayTo(caller, nowMs);
      if (oldest === null) return null;
      oldest.cancel();
      this.#end(
        oldest,
        `${oldest.name} has no address: its look-up took too long while ${MAX_IN_FLIGHT} were running`,
      );
    }
    const flight: Flight = {
      ...{ name, startedAtMs: nowMs, caller, found: [], ttlSeconds: Infinity, waiting: new Set() },
      cancel: () => {},
    };
    this.#joinable.set(name, flight);
    this.#flights.add(flight);
    flight.cancel = searchDns(name, this.#conf.read(), this.#askServer, {
      onAddresses: (addresses, ttlSeconds) => {
        flight.found.push(...addresses);
        flight.ttlSeconds = Math.min(flight.ttlSeconds, ttlSeconds);
        for (const waiter of [...flight.waiting]) waiter.onAddresses(addresses);
      },
      onEnd: (problem) => this.#end(flight, problem),
    });
    return flight;
  }

  #end(flight: Flight, problem: string | null): void {
    if (this.#leave(flight)) {
      if (problem === null) this.#keepFound(flight);
      else this.#keep(flight, { addresses: [], problem }, FAILURE_KEPT_MS);
    }
    for (const waiter of [...flight.waiting]) waiter.onEnd(problem);
  }

  /** Nobody waits any more. Addresses found so far are kept: they were good enough, so the other family's are not needed. */
  #abandon(flight: Flight): void {
    flight.cancel();
    if (this.#leave(flight) && flight.found.length > 0) this.#keepFound(flight);
  }

  #keepFound(flight: Flight): void {
    const forMs = Math.min(flight.ttlSeconds * 1_000, MAX_KEPT_MS);
    if (forMs > 0) this.#keep(flight, { addresses: flight.found, problem: null }, forMs);
  }

  #keep({ name }: Flight, what: Pick<Kept, "addresses" | "problem">, forMs: number): void {
    this.#kept.delete(name);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, { ...what, since: momentOf(this.#clock), forMs });
  }

  /** Removes the look-up. True: the files have not changed since it began, so its answer may be cached. */
  #leave(flight: Flight): boolean {
    this.#flights.delete(flight);
    return this.#joinable.get(flight.name) === flight && this.#joinable.delete(flight.name);
  }
}
