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

/** Each look-up in flight holds two sockets. */
const MAX_IN_FLIGHT = 128;
/** Healthy look-ups take milliseconds: where all places are taken, the oldest gives way once it has had this. */
const GIVES_WAY_AFTER_MS = 500;
/** A record's own time holds up to here: a service that has moved is found again soon, and bursts ask once. */
const MAX_KEPT_MS = 10_000;
/** Failures are told again for this long, so that requests for a name without addresses do not become a flood. */
const FAILURE_KEPT_MS = 1_000;
const MAX_KEPT = 1_024;

const HOSTS_PATH =
  process.platform === "win32"
    ? `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\drivers\\etc\\hosts`
    : "/etc/hosts";

/** Systems without a resolv.conf tell c-ares their servers by other ways. */
function systemConf(text: string): ResolvConf {
  return parseResolvConf(text, { hostName: hostname(), servers: getServers() });
}

const LOOPBACK: readonly Address[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** RFC 1035 §2.3.4. Other characters than a host name's own are DNS's business. */
const NAME = /^(?=.{1,253}$)[^\s.]{1,63}(?:\.[^\s.]{1,63})*$/u;

export interface LookUpEvents {
  /** Once or more: one family's may come while the other's are waited for. Each is new. */
  onAddresses(addresses: readonly Address[]): void;
  /** Last. With what to tell people where no address came. */
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

/** What a dial asks for addresses. */
export type NameSource = Pick<Names, "lookUp" | "forget" | "servers">;

interface Flight {
  name: string;
  startedAtMs: number;
  found: Address[];
  /** The shortest of the records found. */
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
 * The addresses of names: from the hosts file, then from DNS as resolv.conf says, both read again when they change.
 * Never by getaddrinfo: its threads are few, and a name that does not answer holds one for as long as it likes.
 *
 * Look-ups of one name are one. Each ends with its last waiter, or when resolv.conf's patience does.
 */
export class Names {
  readonly #clock: Clock;
  readonly #askServer: AskServer;
  readonly #hosts: WatchedFile<Hosts>;
  readonly #conf: WatchedFile<ResolvConf>;
  /** Those that may be joined, by name. */
  readonly #joinable = new Map<string, Flight>();
  /** In the order of their beginning. */
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

  /** The servers that are asked, for people. */
  get servers(): readonly string[] {
    return this.#conf.read().servers;
  }

  /** `host` is a name or an address without brackets. No event comes before this returns, or after it was cancelled. */
  lookUp(host: string, events: LookUpEvents): () => void {
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
      leave = this.#start(host.toLowerCase(), guarded);
      // Cancelled by the very addresses that it gave.
      if (isOver) leave();
    });
    return () => {
      isOver = true;
      leave();
    };
  }

  /** All that are found, when the look-up is over. */
  addressesOf(host: string): Promise<{ addresses: string[]; problem: string | null }> {
    const addresses: string[] = [];
    return new Promise((resolve) => {
      this.lookUp(host, {
        onAddresses: (found) => addresses.push(...found.map(({ address }) => address)),
        onEnd: (problem) => resolve({ addresses, problem }),
      });
    });
  }

  /** To be called when nothing could be reached at what was found: the next look-up asks anew. */
  forget(host: string): void {
    this.#kept.delete(host.toLowerCase());
  }

  #start(host: string, events: LookUpEvents): () => void {
    const settled = this.#withoutDns(host) ?? this.#keptOf(host);
    if (settled !== null) {
      if (settled.addresses.length > 0) events.onAddresses(settled.addresses);
      events.onEnd(settled.problem);
      return () => {};
    }
    const flight = this.#joinable.get(host) ?? this.#begin(host);
    if (flight === null) {
      events.onEnd(`${host} has no address: ${MAX_IN_FLIGHT} other names are being looked up`);
      return () => {};
    }
    flight.waiting.add(events);
    if (flight.found.length > 0) events.onAddresses([...flight.found]);
    return () => {
      if (flight.waiting.delete(events) && flight.waiting.size === 0) this.#abandon(flight);
    };
  }

  /** Null: DNS has to be asked. */
  #withoutDns(host: string): Pick<Kept, "addresses" | "problem"> | null {
    const literal = literalAddress(host);
    if (literal !== null) return { addresses: [literal], problem: null };
    const name = host.replace(/\.$/, "");
    const hosts = this.#hosts.read().get(name);
    if (hosts !== undefined) return { addresses: hosts, problem: null };
    // RFC 6761 §6.3: never asked of DNS, which might say something else.
    if (name === "localhost" || name.endsWith(".localhost")) return { addresses: LOOPBACK, problem: null };
    // RFC 6761 §6.4.
    if (name === "invalid" || name.endsWith(".invalid")) {
      return { addresses: [], problem: `${name} has no address: no name under invalid has one` };
    }
    if (!NAME.test(name)) return { addresses: [], problem: `${name} has no address: it is no host name` };
    return null;
  }

  #keptOf(host: string): Kept | null {
    this.#conf.read();
    const versions = `${this.#hosts.version} ${this.#conf.version}`;
    if (versions !== this.#versions) {
      // Other files, other answers. Who waits for one of before gets it.
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

  #begin(name: string): Flight | null {
    const nowMs = this.#clock.nowMs();
    if (this.#flights.size >= MAX_IN_FLIGHT) {
      const [oldest] = this.#flights;
      if (oldest === undefined || nowMs - oldest.startedAtMs < GIVES_WAY_AFTER_MS) return null;
      oldest.cancel();
      this.#end(
        oldest,
        `${oldest.name} has no address: its look-up took too long where ${MAX_IN_FLIGHT} were under way`,
      );
    }
    const flight: Flight = {
      ...{ name, startedAtMs: nowMs, found: [], ttlSeconds: Infinity, waiting: new Set() },
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

  /** Nobody waits any more. What was found by then has proved good: another family's answer is not missed. */
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

  /** Whether its answer is one of today's files. */
  #leave(flight: Flight): boolean {
    this.#flights.delete(flight);
    return this.#joinable.get(flight.name) === flight && this.#joinable.delete(flight.name);
  }
}
