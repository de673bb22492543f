/*
 * Which connector's connection gets a request, and how many requests may wait for one.
 *
 * A connection that drains, has no credit, or is silent gets nothing while there is a better one. It decides and knows no
 * platform, so tests run it on a fake clock. `connector-connection.ts` tells it of connections, `relay-request.ts` asks it.
 *
 * docs/architecture.md#which-connector; decisions 0013, 0015 and 0039.
 */
import type { Clock } from "../../../shared/time/clock.ts";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { SendBudget } from "../../../shared/mux/credit/flow-window.ts";
import type { RelayMux, Stream, StreamHandler } from "../../../shared/mux/index.ts";
import {
  type Capability,
  has,
  capabilityFor,
  type OpenHead,
  KEEPALIVE_INTERVAL_MS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_CONNECTIONS_PER_OBJECT,
  CLOSE_HELLO_TIMEOUT,
  MAX_STREAMS_PER_OBJECT,
  MAX_UNACKNOWLEDGED_BYTES,
  MIN_UNACKNOWLEDGED_BYTES,
  RELAY_STREAM_WINDOW_BYTES,
  RESERVED_STREAMS,
  SHORT_PATH_LENGTH,
  STREAM_OVERHEAD_BYTES,
  publicError,
  TunnelError,
} from "../../../shared/protocol/index.ts";
import { Arrivals } from "./arrivals.ts";
import { ReadTurns } from "./read-turns.ts";
import { callerOf } from "../../../shared/streams/stream-shares.ts";
import { Admission } from "../../../shared/streams/admission.ts";
import { RetryBudget } from "./retry-budget.ts";

/** One connector's connection, as the tunnel sees it. */
export interface Connection {
  readonly mux: RelayMux;
  readonly connectionId: string;
  readonly kid: string;
  readonly connectedAtMs: number;
  /** When the peer last sent anything, keepalives included; ms since the Unix epoch. */
  lastAliveMs(): number;
  /** The connector's check of this service fails. */
  isFailing(service: string): boolean;
  /** Sends the peer a PING, and closes the connection if it does not answer. */
  probe(): void;
}

/** One missed keepalive, with slack. A connection that is silent for longer is checked before it gets requests. */
const QUIET_MS = KEEPALIVE_INTERVAL_MS + KEEPALIVE_TIMEOUT_MS;

/** One object's connections: which connectors are attached, and which one gets the next request. Knows no platform. */
export class TunnelConnections {
  readonly memory: MemoryAccount;
  readonly budget: SendBudget;
  readonly retries = new RetryBudget();
  readonly readTurns: ReadTurns;
  readonly #admission: Admission;
  readonly #connections = new Set<Connection>();
  readonly arrivals: Arrivals;
  readonly #clock: Clock;
  readonly #random: () => number;

  /** `memory`: this object's part of what its isolate has. */
  constructor(clock: Clock, random: () => number, memory: MemoryAccount) {
    this.memory = memory;
    this.readTurns = new ReadTurns(clock);
    this.budget = new SendBudget(MAX_UNACKNOWLEDGED_BYTES, MIN_UNACKNOWLEDGED_BYTES, memory);
    this.arrivals = new Arrivals(clock);
    this.#admission = new Admission(clock, () => this.#freeStreams());
    this.#clock = clock;
    this.#random = random;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** At least one connector accepts requests. */
  get takesRequests(): boolean {
    for (const connection of this.#connections) if (takesRequests(connection)) return true;
    return false;
  }

  /**
   * False: there is no place for another connection. One that has not said HELLO gives way, of the token that has most of
   * them: whoever opens connections and says nothing keeps no connector out.
   */
  makePlace(): boolean {
    if (this.#connections.size < MAX_CONNECTIONS_PER_OBJECT) return true;
    const silent = Map.groupBy(
      [...this.#connections].filter(({ mux }) => mux.hello === null),
      (connection) => connection.kid,
    );
    const [first, ...others] = silent.values();
    if (first === undefined) return false;
    const most = others.reduce((before, next) => (next.length > before.length ? next : before), first);
    const error = new TunnelError("PROTOCOL_ERROR", "no HELLO yet, and its place is needed", {
      scope: "connection",
    });
    most[0]?.mux.fail(error, CLOSE_HELLO_TIMEOUT);
    return true;
  }

  attach(connection: Connection): void {
    this.#connections.add(connection);
  }

  detach(connection: Connection): void {
    this.#connections.delete(connection);
    if (connection.mux.hello !== null) this.arrivals.expect();
  }

  /** Releases counted memory if nothing is under way: the object may be put to sleep, and its isolate would keep counting it. */
  restIfIdle(): void {
    if (this.memory.heldBytes === 0) return;
    for (const { mux } of this.#connections) if (!mux.isResting) return;
    this.memory.rest();
  }

  /**
   * Resolves at once, with false, while a connector accepts requests. Otherwise it resolves when an expected one comes, or after
   * `maxMs`.
   */
  async waitForConnector(head: OpenHead, maxMs: number): Promise<boolean> {
    if (this.takesRequests) return false;
    // A draining connection is usually being replaced.
    if (this.#connections.size > 0) this.arrivals.expect();
    const heldBytes = waitingBytes(head);
    if (!this.memory.take(heldBytes)) return true;
    try {
      await this.arrivals.wait(maxMs, callerOf(head));
    } finally {
      this.memory.giveBack(heldBytes);
    }
    return true;
  }

  /** Whether a request can be sent on a connection that is not excluded, now or when one comes. */
  hasOtherThan(excluded: ReadonlySet<Connection>): boolean {
    const taking = [...this.#connections].filter(takesRequests);
    return taking.length === 0 || taking.some((connection) => !excluded.has(connection));
  }

  /**
   * Calls `begin` and returns its result. It is called at once, unless others have borrowed this caller's share. Then it is called
   * when a stream has come back, or after a while. `watch` reports if the caller gives up meanwhile, until the function that it
   * returns is called.
   */
  whenRoom<T>(
    head: OpenHead,
    begin: (waited: boolean) => T,
    watch: (gaveUp: () => void) => () => void = () => () => {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let endWait: (() => void) | null = null;
    let entered = false;
    const enter = (waited: boolean): void => {
      entered = true;
      endWait?.();
      try {
        resolve(begin(waited));
      } catch (thrown) {
        reject(thrown);
      }
    };
    const leave = this.#admission.whenRoom(head, enter);
    if (entered) return promise;
    const heldBytes = waitingBytes(head);
    if (!this.memory.take(heldBytes)) {
      leave();
      enter(false);
      return promise;
    }
    const endWatch = watch(() => {
      leave();
      endWait?.();
      reject(new TunnelError("CANCEL", "The gateway gave up."));
    });
    endWait = () => {
      this.memory.giveBack(heldBytes);
      endWatch();
    };
    return promise;
  }

  /** A stream uses credit. */
  streamOpened(open: OpenHead): void {
    this.#admission.shares.opened(open);
  }

  /** The credit of a stream that has ended is free again. */
  creditCameBack(open: OpenHead): void {
    this.#admission.shares.ended(open);
  }

  /** A stream has ended, or a connector accepts more. */
  roomCame(): void {
    this.#admission.roomCame();
  }

  /** Older connections of the same connector and index: half-open ones that a new one replaces. */
  predecessorsOf(connection: Connection): Connection[] {
    const { hello } = connection.mux;
    return [...this.#connections].filter(
      (other) =>
        other !== connection &&
        other.mux.hello !== null &&
        other.mux.hello.connectorId === hello?.connectorId &&
        other.mux.hello.connectionIndex === hello.connectionIndex,
    );
  }

  /**
   * Opens a stream on the less loaded of two connections that are picked at random. Connections in `excluded` and those whose connectors
   * cannot accept such a head are left out. Throws NO_CONNECTOR, OVERLOADED, or an error about the head.
   */
  open(
    head: OpenHead,
    end: boolean,
    handler: StreamHandler,
    excluded: ReadonlySet<Connection>,
  ): { stream: Stream; connection: Connection } {
    const connection = this.#choose(head, excluded);
    return { connection, stream: connection.mux.open(head, end, handler) };
  }

  #choose(head: OpenHead, excluded: ReadonlySet<Connection>): Connection {
    const attached = [...this.#connections].filter(
      (connection) => takesRequests(connection) && !excluded.has(connection),
    );
    if (attached.length === 0) {
      throw publicError("NO_CONNECTOR", "No connector is attached to this tunnel.", {
        notProcessed: true,
      });
    }
    const able = withCapability(attached, capabilityFor(head));
    if (able.length === 0) throw beyondAll(head);
    const free = withoutFailing(able, head.service).filter((connection) => connection.mux.openCredit > 0);
    if (free.length === 0 || this.#freeStreams() <= 0) {
      throw publicError("OVERLOADED", "Every connector has its maximum of open requests.", {
        notProcessed: true,
      });
    }
    if (!this.#admission.admits(head)) {
      throw publicError("OVERLOADED", "This caller or this service has its maximum of open requests.", {
        notProcessed: true,
      });
    }
    if (!this.memory.makeRoomFor(RELAY_STREAM_WINDOW_BYTES + STREAM_OVERHEAD_BYTES)) {
      throw new TunnelError("OVERLOADED", "The relay's memory is used up.", { notProcessed: true });
    }
    return this.#lessLoadedOfTwo(this.#lively(free));
  }

  /**
   * Whether this object itself has no room, so that another object would help. That is not so if a caller is over its share, or if the
   * connectors are at their limit.
   */
  get isFull(): boolean {
    let open = 0;
    for (const { mux } of this.#connections) open += mux.streamCount;
    return open >= MAX_STREAMS_PER_OBJECT - RESERVED_STREAMS || this.memory.isShort;
  }

  /** Over all connections, because shares are those of the whole tunnel. */
  #freeStreams(): number {
    let open = 0;
    let credit = 0;
    for (const connection of this.#connections) {
      open += connection.mux.streamCount;
      if (takesRequests(connection)) credit += connection.mux.openCredit;
    }
    return Math.min(credit, MAX_STREAMS_PER_OBJECT - open);
  }

  /** Connections that sent something lately, or all if none did. Sends a PING on the quiet ones. */
  #lively(connections: Connection[]): Connection[] {
    const nowMs = this.#clock.nowMs();
    const lively = connections.filter((connection) => {
      const quiet = nowMs - connection.lastAliveMs() > QUIET_MS;
      if (quiet) connection.probe();
      return !quiet && !connection.mux.isSuspect;
    });
    return lively.length > 0 ? lively : connections;
  }

  #lessLoadedOfTwo(connections: Connection[]): Connection {
    const first = this.#pick(connections);
    const second =
      connections.length === 1 ? first : this.#pick(connections.filter((other) => other !== first));
    return loadOf(second) < loadOf(first) ? second : first;
  }

  #pick(connections: Connection[]): Connection {
    const picked = connections[Math.floor(this.#random() * connections.length)];
    if (picked === undefined) throw new Error("picked from nothing");
    return picked;
  }
}

/** Connections whose connectors reach the service. If none does, all of them, because a check may be wrong. */
function withoutFailing(connections: Connection[], service: string): Connection[] {
  const working = connections.filter((connection) => !connection.isFailing(service));
  return working.length > 0 ? working : connections;
}

/** An older connector may lack what this request needs. */
function withCapability(connections: Connection[], capability: Capability | null): Connection[] {
  if (capability === null) return connections;
  return connections.filter(({ mux }) => has(mux.peerCapabilities, capability));
}

function beyondAll({ kind, path }: OpenHead): TunnelError {
  const update = "no attached connector supports it; update them";
  if (kind === "tcp")
    return publicError("BAD_REQUEST", `The request asks for TCP, and ${update}`, { notProcessed: true });
  return path.length > SHORT_PATH_LENGTH
    ? publicError("URI_TOO_LONG", `The path is over ${SHORT_PATH_LENGTH} characters, and ${update}.`)
    : publicError("FIELDS_TOO_LARGE", `The request's head is very large, and ${update}.`);
}

/** Memory of a waiting request: its head, as the platform has it and as it is sent on. */
function waitingBytes({ path, fields }: OpenHead): number {
  const length = fields.reduce((sum, [name, value]) => sum + name.length + value.length, path.length);
  return STREAM_OVERHEAD_BYTES + 2 * length;
}

function takesRequests({ mux }: Connection): boolean {
  return mux.hello !== null && !mux.isDraining;
}

/** Share of the connector's own limit that is in use: connectors with a higher limit get more requests. */
function loadOf({ mux }: Connection): number {
  return mux.streamCount / (mux.hello?.maxStreams ?? 1);
}
