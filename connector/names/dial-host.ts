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
import type { LookUpEvents, NameSource } from "./names.ts";

/** RFC 8305 §5: how long one address may take before the next one is tried beside it. */
const ATTEMPT_DELAY_MS = 250;
/** RFC 8305 §3: how long IPv4 addresses that came first wait for IPv6 ones. */
const RESOLUTION_DELAY_MS = 50;

/** Attempts at the same time. If none of so many answers, the oldest is given up for the next one. */
const MAX_ATTEMPTS = 8;

export interface HostDialDeps {
  names: NameSource;
  clock: Clock;
}

export interface HostDialOptions {
  /** A name, or an address without brackets. */
  host: string;
  /** For error messages. */
  port: number;
  /** Whose request it is for. */
  caller?: string;
  /** Called for each address before the attempt, and again for the connected one. Absent: all are allowed. */
  allows?: (address: string) => boolean;
  /** Starts a connection. Its `connect` event means that it is established. */
  connect: (address: Address) => Socket;
}

export type HostDialOutcome =
  | { kind: "connected"; socket: Socket }
  /** `problem` goes into error messages, and names the host. */
  | { kind: "no-address"; problem: string }
  | { kind: "not-allowed"; address: string }
  /** `code` is that of the last attempt, or of one for which this host had no socket. `cause` is the error if there was one attempt. */
  | { kind: "unreachable"; code: string; problem: string; cause: unknown };

function problemOf(outcome: Exclude<HostDialOutcome, { kind: "connected" }>): string {
  return outcome.kind === "not-allowed" ? `${outcome.address} is not allowed` : outcome.problem;
}

/** Options for plain TCP to this port of the host. */
export function tcpTo(host: string, port: number, onread?: OnReadOpts): HostDialOptions {
  return {
    ...{ host, port },
    connect: ({ address, family }) =>
      connectTcp({ host: address, family, port, ...(onread === undefined ? {} : { onread }) }),
  };
}

/** Dials with a time-out. `done` is called once, and never after a call of the returned function. */
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
  /** Ends every attempt. `done` is not called after this. */
  cancel(): void;
  /** What the dial is waiting for, for error messages. */
  progress(): string;
}

/**
 * Connects to a host as Happy Eyeballs does (RFC 8305). It tries the addresses as they arrive, IPv6 and IPv4 in turn beginning
 * with IPv6, each family in the order of its answer. The next attempt begins 250 ms after the last one, or as soon as none is
 * under way. A slow attempt goes on beside up to seven others. The first one that connects wins, and the others are
 * destroyed. This goes on until it is cancelled or no address is left. `done` is called once, and never before this returns.
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
    const events: LookUpEvents = {
      onAddresses: (addresses) => this.#found(addresses),
      onEnd: (problem) => this.#lookedUp(problem),
    };
    this.#cancelLookUp = deps.names.lookUp(options.host, events, options.caller);
  }

  cancel(): void {
    if (this.#isOver) return;
    // If nothing answered, the addresses may be out of date.
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

  /** Ends a pause of this kind, because what it waited for has arrived. */
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
    // This listener stays for the socket's whole life, because an error without a listener would end the process.
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
      // If this host had no socket for one of the addresses, that is the cause to report, and not the other addresses' errors.
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
