import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type StartTls, TunnelError } from "../../shared/protocol/index.ts";
import {
  dialHost,
  type HostDialDeps,
  type HostDialing,
  type HostDialOptions,
  type HostDialOutcome,
} from "../names/index.ts";
import { isOwnWant, mayOpenSocket, outOfDescriptors, type ReportFault } from "../platform/index.ts";
import { agreeOnTls } from "./start-tls.ts";
import { notAllowed, type UpstreamAddress, type UpstreamPolicy } from "./policy.ts";
import type { UpstreamSettings } from "./upstream-rules.ts";

/** Long-lived quiet connections are probed so that a vanished upstream is noticed. */
const TCP_KEEPALIVE_MS = 60_000;

export interface DialDeps extends HostDialDeps {
  policy: UpstreamPolicy;
  reportFault: ReportFault;
}

/** Abandons the attempt. */
export type Abandon = (() => void) & {
  /** What the attempt is waiting for, in words for an error message. */
  progress(): string;
};

export interface DialOptions {
  target: UpstreamAddress;
  settings: UpstreamSettings;
  /** Whose request it is for. */
  caller: string;
  timeoutMs: number;
  /** Offered over TLS (ALPN). Empty: ALPN is not used. */
  protocols: readonly string[];
  /** When the peer ends its direction, the other one stays open. Absent: no. */
  isHalfOpen?: boolean;
  /** How TLS is started. Absent: at once, if the target is secure. */
  startTls?: StartTls | null;
}

/**
 * Opens a connection to a target that `policy.allowsTarget` did not refuse. The policy checks every address that is found, and
 * checks the one connected to again before a byte is written. Several addresses are tried as Happy Eyeballs does.
 * A Unix socket has no address, so only the target's name is checked.
 * `done` is called once: with a ready socket and the socket under its TLS, or with an UPSTREAM_* error marked as not processed. It is
 * never called before `dial` returns, nor after a call of the returned function, which abandons the attempt.
 */
export function dial(
  options: DialOptions,
  deps: DialDeps,
  done: (error: TunnelError | null, socket: Socket | null, transport: Socket | null) => void,
): Abandon {
  const { target, settings, timeoutMs, isHalfOpen = false, startTls = null } = options;
  let settled = false;
  /** Null while the host dial still owns the sockets. */
  let socket: Socket | null = null;
  let hostDial: HostDialing | null = null;

  const cancelTimeout = deps.clock.after(timeoutMs, () => {
    const message = `no connection to ${target.authority} within ${timeoutMs} ms: ${progress()}`;
    fail(unreached("UPSTREAM_CONNECT_TIMEOUT", message));
  });

  function progress(): string {
    return (
      hostDial?.progress() ??
      (target.secure || startTls !== null ? "TLS is not established" : "no answer yet")
    );
  }
  function settle(): boolean {
    if (settled) return false;
    settled = true;
    cancelTimeout();
    return true;
  }
  function end(): void {
    hostDial?.cancel();
    socket?.destroy();
  }
  function fail(error: TunnelError): void {
    if (!settle()) return;
    end();
    done(error, null, null);
  }
  function connected(plain: Socket): void {
    hostDial = null;
    socket = plain;
    plain.allowHalfOpen = isHalfOpen;
    if (target.secure) return secure(plain);
    if (startTls === null) return succeed(plain);
    listen(plain, "TLS");
    plain.once("end", () =>
      fail(unreached("UPSTREAM_TLS", `${target.authority} closed the connection before TLS began`)),
    );
    agreeOnTls(startTls, plain, (problem) => {
      if (settled) return;
      if (problem === null) return secure(plain);
      fail(unreached("UPSTREAM_TLS", `TLS with ${target.authority} failed: ${problem}`));
    });
  }
  function secure(plain: Socket): void {
    socket = secured(plain, options);
    listen(socket, "TLS");
    socket.once("secureConnect", () => succeed(plain));
  }
  function succeed(transport: Socket): void {
    if (settle()) done(null, socket, transport);
  }
  function listen(to: Socket, what: "connection" | "TLS"): void {
    // This listener stays for the socket's whole life, because an error without a listener would end the process.
    to.on("error", (error: NodeJS.ErrnoException) =>
      fail(errorOf(error.code ?? error.message, error, target, what)),
    );
    to.once("close", () => fail(unreached("UPSTREAM_REFUSED", `${target.authority} closed the connection`)));
  }

  if (!mayOpenSocket()) {
    // Deferred, because the caller does not have the function to abandon the attempt yet.
    deps.clock.soon(() => fail(overloaded(target, "no file descriptors are left")));
  } else if (settings.socketPath !== null) {
    const local = connectTcp({ path: settings.socketPath });
    socket = local;
    listen(local, "connection");
    local.once("connect", () => {
      if (deps.policy.allowsTarget(target) === "yes") connected(local);
      else fail(notAllowed(target));
    });
  } else {
    hostDial = dialHost(hostDialOptions(options, deps.policy), deps, (outcome) => {
      if (outcome.kind === "connected") connected(outcome.socket);
      else fail(failureOf(outcome, target));
    });
  }
  const abandon = (): void => {
    if (settle()) end();
  };
  return Object.assign(abandon, { progress });
}

function hostDialOptions({ target, caller }: DialOptions, policy: UpstreamPolicy): HostDialOptions {
  // A final dot makes a name complete: no search domain is appended to it.
  const isComplete = new URL(target.origin).hostname.endsWith(".");
  return {
    host: isComplete ? `${target.host}.` : target.host,
    port: target.port,
    caller,
    allows: (address) => policy.allowsAddress(target, address),
    connect: ({ address, family }) =>
      connectTcp({
        ...{ host: address, family, port: target.port, noDelay: true },
        ...{ keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS },
      }),
  };
}

function secured(socket: Socket, { target, settings: { tls }, protocols }: DialOptions): TLSSocket {
  return connectTls({
    socket,
    ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    secureContext: tls.context,
    rejectUnauthorized: !tls.insecure,
    // The certificate is checked against this if there is no server name.
    host: target.host,
    // RFC 6066 §3 allows names as server name, and no addresses.
    servername: tls.serverName ?? (isIP(target.host) === 0 ? target.host : ""),
  });
}

function failureOf(
  outcome: Exclude<HostDialOutcome, { kind: "connected" }>,
  target: UpstreamAddress,
): TunnelError {
  switch (outcome.kind) {
    case "no-address":
      // A look-up needs a socket too, and its error does not say that none was left.
      if (outOfDescriptors()) return overloaded(target, "EMFILE");
      return unreached("UPSTREAM_DNS", outcome.problem);
    case "not-allowed":
      return notAllowed(target, outcome.address);
    case "unreachable": {
      if (isOwnWant(outcome.code)) return overloaded(target, outcome.problem);
      const code = outcome.code === "ETIMEDOUT" ? "UPSTREAM_CONNECT_TIMEOUT" : "UPSTREAM_REFUSED";
      return unreached(code, `no connection to ${target.authority}: ${outcome.problem}`, outcome.cause);
    }
  }
}

function errorOf(
  code: string,
  cause: unknown,
  target: UpstreamAddress,
  what: "connection" | "TLS",
): TunnelError {
  if (isOwnWant(code)) return overloaded(target, code);
  if (what === "TLS") return unreached("UPSTREAM_TLS", `TLS with ${target.authority} failed: ${code}`, cause);
  return unreached("UPSTREAM_REFUSED", `no connection to ${target.authority}: ${code}`, cause);
}

function overloaded({ authority }: UpstreamAddress, why: string): TunnelError {
  return unreached("CONNECTOR_OVERLOADED", `this connector cannot open a connection to ${authority}: ${why}`);
}

/** A failure before anything was written. */
export function unreached(
  code:
    | "UPSTREAM_REFUSED"
    | "UPSTREAM_DNS"
    | "UPSTREAM_TLS"
    | "UPSTREAM_PROTOCOL"
    | "UPSTREAM_CONNECT_TIMEOUT"
    | "CONNECTOR_OVERLOADED",
  message: string,
  cause?: unknown,
): TunnelError {
  return new TunnelError(code, message, { notProcessed: true, cause });
}
