/*
 * From a host to a connected socket. Connections to upstreams, proxies and relays are opened by it.
 *
 * Attempts at several addresses overlap (RFC 8305), so one dead address costs 250 ms and not the whole time-out. Whoever dials
 * cancels, and nothing is left open afterwards. Each address is judged by the caller before it is connected to.
 *
 * docs/connector.md#names; decision 0036.
 */
import { connect as connectTcp, type OnReadOpts, type Socket } from "node:net";
import type { Clock } from "../../shared/time/clock.ts";
import { isOwnWant } from "../platform/index.ts";
import type { Address } from "./address.ts";
import type { NameSource } from "./names.ts";

/** RFC 8305 §5: how long one address may take before the next one is tried beside it. */
const ATTEMPT_DELAY_MS = 250;
/** RFC 8305 §3: how long IPv4 addresses that came first wait for IPv6 ones. */
const RESOLUTION_DELAY_MS = 50;

/** Beside one another: where none of so many answers, the oldest gives its place to the next. */
const MAX_ATTEMPTS = 8;

export interface HostDialDeps {
  names: NameSource;
  clock: Clock;
}

export interface HostDialOptions {
  /** A name, or an address without brackets. */
  host: string;
  /** For people. */
  port: number;
  /** Asked for each address before it is connected to, and again for the one connected to. Absent: every one. */
  allows?: (address: string) => boolean;
  /** Begins a connection; its `connect` event says that it stands. */
  connect: (address: Address) => Socket;
}

export type HostDialOutcome =
  | { kind: "connected"; socket: Socket }
  /** `problem` is for people, and names the host. */
  | { kind: "no-address"; problem: string }
  | { kind: "not-allowed"; address: string }
  /** `code` is the last attempt's, or that of one for which this host had no socket; `cause` the error where there was one attempt. */
  | { kind: "unreachable"; code: string; problem: string; cause: unknown };

function problemOf(outcome: Exclude<HostDialOutcome, { kind: "connected" }>): string {
  return outcome.kind === "not-allowed" ? `${outcome.address} is not allowed` : outcome.problem;
}

/** To a port of whatever addresses the host has. */
export function tcpTo(host: string, port: number, onread?: OnReadOpts): HostDialOptions {
  return {
    ...{ host, port },
    connect: ({ address, family }) =>
      connectTcp({ host: address, family, port, ...(onread === undefined ? {} : { onread }) }),
  };
}

/** For who has no other timer. `done` is called once, and never after the function returned was called. */
export function dialInTime(
  options: HostDialOptions,
  timeoutMs: number,
  deps: HostDialDeps,
  done: (error: Error | null, socket: Socket | null) => void,
): () => void {
  const authority = `${options.host}:${options.port}`;
  const cancelTimeout = deps.clock.after(timeoutMs, () => {
    const waited = dialing.progress();
    dialing.cancel();
    done(new Error(`no connection to ${authority} within ${timeoutMs} ms: ${waited}`), null);
  });
  const dialing = dialHost(options, deps, (outcome) => {
    cancelTimeout();
    if (outcome.kind === "connected") done(null, outcome.socket);
    else done(errorOf(outcome, authority), null);
  });
  return () => {
    cancelTimeout();
    dialing.cancel();
  };
}

function errorOf(outcome: Exclude<HostDialOutcome, { kind: "connected" }>, authority: string): Error {
  if (outcome.kind !== "unreachable")
    return new Error(`no connection to ${authority}: ${problemOf(outcome)}`);
  if (outcome.cause instanceof Error) return outcome.cause;
  const error = new Error(`no connection to ${authority}: ${outcome.problem}`);
  return Object.assign(error, { code: outcome.code });
}

export interface HostDialing {
  /** Ends every attempt; nothing is told any more. */
  cancel(): void;
  /** What is waited for, for people. */
  progress(): string;
}

/**
 * Connects to a host as Happy Eyeballs does (RFC 8305): its addresses as they come, IPv6 and IPv4 in turn beginning with
 * IPv6, each in the order in which they were answered; the next one 250 ms after the last, or as soon as none is under
 * way. Attempts overlap: one that takes longer goes on beside the next seven. The first that stands wins, the others are
 * destroyed. It goes on until it is cancelled or nothing is left to try. `done` is called once, never before this
 * returns.
 */
export function dialHost(
  options: HostDialOptions,
  deps: HostDialDeps,
  done: (outcome: HostDialOutcome) => void,
): HostDialing {
  return new HostDial(options, deps, done);
}

type Wait = { kind: "resolution" | "attempt"; cancel: () => void };

class HostDial implements HostDialing {
  readonly #options: HostDialOptions;
  readonly #deps: HostDialDeps;
  readonly #done: (outcome: HostDialOutcome) => void;
  readonly #cancelLookUp: () => void;
  readonly #untried: Record<4 | 6, Address[]> = { 4: [], 6: [] };
  readonly #attempts = new Map<Socket, string>();
  readonly #failures: { address: string; code: string; cause: unknown }[] = [];
  #refusedAddress: string | null = null;
  #lastFamily: 4 | 6 | null = null;
  #problem: string | null = null;
  #isLookedUp = false;
  #wait: Wait | null = null;
  #isOver = false;

  constructor(options: HostDialOptions, deps: HostDialDeps, done: (outcome: HostDialOutcome) => void) {
    this.#options = options;
    this.#deps = deps;
    this.#done = done;
    this.#cancelLookUp = deps.names.lookUp(options.host, {
      onAddresses: (addresses) => this.#found(addresses),
      onEnd: (problem) => this.#lookedUp(problem),
    });
  }

  cancel(): void {
    if (this.#isOver) return;
    // Where nothing answered, what was found may be of yesterday.
    if (this.#lastFamily !== null) this.#deps.names.forget(this.#options.host);
    this.#finish();
  }

  progress(): string {
    if (this.#attempts.size > 0) return `no answer from ${[...this.#attempts.values()].join(", ")}`;
    return `no answer yet about ${this.#options.host} from DNS server ${this.#deps.names.servers.join(", ")}`;
  }

  #found(addresses: readonly Address[]): void {
    if (this.#isOver) return;
    const { allows } = this.#options;
    for (const address of addresses) {
      if (allows === undefined || allows(address.address)) this.#untried[address.family].push(address);
      else this.#refusedAddress ??= address.address;
    }
    const mayCome = !this.#isLookedUp && this.#lastFamily === null && this.#untried[6].length === 0;
    if (mayCome && this.#untried[4].length > 0) this.#pause("resolution", RESOLUTION_DELAY_MS);
    else this.#goOn("resolution");
  }

  #lookedUp(problem: string | null): void {
    this.#isLookedUp = true;
    this.#problem = problem;
    this.#goOn("resolution");
  }

  #pause(kind: Wait["kind"], delayMs: number): void {
    this.#wait ??= { kind, cancel: this.#deps.clock.after(delayMs, () => this.#goOn(kind)) };
  }

  /** What such a pause was for has come. */
  #goOn(kind: Wait["kind"]): void {
    if (this.#isOver) return;
    if (this.#wait?.kind === kind) {
      this.#wait.cancel();
      this.#wait = null;
    }
    if (this.#wait !== null) return;
    const address = this.#next();
    if (address !== null) this.#try(address);
    else if (this.#attempts.size === 0 && this.#isLookedUp) this.#fail();
  }

  #next(): Address | null {
    const family = this.#lastFamily === 6 ? 4 : 6;
    return this.#untried[family].shift() ?? this.#untried[family === 6 ? 4 : 6].shift() ?? null;
  }

  #try({ address, family }: Address): void {
    this.#lastFamily = family;
    if (this.#attempts.size >= MAX_ATTEMPTS) this.#giveUpOldest();
    const socket = this.#options.connect({ address, family });
    this.#attempts.set(socket, address);
    this.#pause("attempt", ATTEMPT_DELAY_MS);
    // It stays for the socket's whole life: an error without a listener would end the process.
    socket.on("error", (error: NodeJS.ErrnoException) =>
      this.#failed(socket, error.code ?? error.message, error),
    );
    socket.once("close", () => this.#failed(socket, "closed at once", undefined));
    socket.once("connect", () => this.#connected(socket));
  }

  #giveUpOldest(): void {
    const [oldest] = this.#attempts;
    if (oldest === undefined) return;
    const [socket, address] = oldest;
    this.#attempts.delete(socket);
    socket.destroy();
    this.#failures.push({ address, code: "ETIMEDOUT", cause: undefined });
  }

  #connected(socket: Socket): void {
    if (this.#isOver || !this.#attempts.has(socket)) return;
    const { allows } = this.#options;
    const { remoteAddress } = socket;
    if (allows !== undefined && (remoteAddress === undefined || !allows(remoteAddress))) {
      this.#refusedAddress ??= remoteAddress ?? null;
      return this.#failed(socket, "not allowed", undefined);
    }
    this.#attempts.delete(socket);
    this.#finish();
    this.#done({ kind: "connected", socket });
  }

  #failed(socket: Socket, code: string, cause: unknown): void {
    const address = this.#attempts.get(socket);
    if (address === undefined) return;
    this.#attempts.delete(socket);
    socket.destroy();
    this.#failures.push({ address, code, cause });
    this.#goOn("attempt");
  }

  #fail(): void {
    this.#finish();
    const { host } = this.#options;
    const last = this.#failures.at(-1);
    const refused = this.#refusedAddress;
    if (last !== undefined && last.code !== "not allowed") {
      this.#deps.names.forget(host);
      const isOnly = this.#failures.length === 1;
      const problem =
        isOnly && last.address === host
          ? last.code
          : this.#failures.map(({ address, code }) => `${code} at ${address}`).join(", ");
      const cause = isOnly ? last.cause : undefined;
      // An address that could not even be tried: the others' answers are not the whole truth.
      const { code } = this.#failures.find((failure) => isOwnWant(failure.code)) ?? last;
      return this.#done({ kind: "unreachable", code, problem, cause });
    }
    if (refused !== null) return this.#done({ kind: "not-allowed", address: refused });
    this.#done({ kind: "no-address", problem: this.#problem ?? `${host} has no address` });
  }

  #finish(): void {
    this.#isOver = true;
    this.#wait?.cancel();
    this.#cancelLookUp();
    for (const socket of [...this.#attempts.keys()]) socket.destroy();
    this.#attempts.clear();
  }
}
