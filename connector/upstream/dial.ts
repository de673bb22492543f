import type { LookupAddress, LookupAllOptions } from "node:dns";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../../shared/clock.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import type { ReportFault } from "../platform/faults.ts";
import { notAllowed, type UpstreamAddress, type UpstreamPolicy } from "./policy.ts";
import type { UpstreamSettings } from "./upstream-rules.ts";

/** RFC 8305 §8: how long one address may take before the next one is tried as well. */
const NEXT_ADDRESS_MS = 250;
/** Long-lived quiet connections are probed so that a vanished upstream is noticed. */
const TCP_KEEPALIVE_MS = 60_000;

/** `lookup` of node:dns, as it is called here. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface DialDeps {
  policy: UpstreamPolicy;
  clock: Clock;
  resolve: Resolve;
  reportFault: ReportFault;
}

export interface DialOptions {
  target: UpstreamAddress;
  settings: UpstreamSettings;
  timeoutMs: number;
  /** Offered over TLS (ALPN). */
  protocols: readonly string[];
}

/**
 * Opens a connection to a target that `policy.allowsTarget` did not refuse: every address that DNS answers passes
 * the policy, several are tried as Happy Eyeballs does, and the one connected to passes the policy again before a
 * byte is written. A Unix socket has no address: there the target's name alone must pass.
 * `done` is called once, with a ready socket or with an UPSTREAM_* error marked as not processed; never before `dial`
 * returns, and never after the function returned was called, which abandons the attempt.
 */
export function dial(
  { target, settings, timeoutMs, protocols }: DialOptions,
  { policy, clock, resolve }: DialDeps,
  done: (error: TunnelError | null, socket: Socket | null) => void,
): () => void {
  let phase: "connecting" | "securing" | "settled" = "connecting";
  const { socketPath, tls } = settings;
  const address =
    socketPath !== null
      ? { path: socketPath }
      : {
          host: target.host,
          port: target.port,
          lookup: vettedLookup(target, policy, resolve),
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: TCP_KEEPALIVE_MS,
        };
  const socket = target.secure
    ? connectTls({
        ...address,
        ALPNProtocols: [...protocols],
        secureContext: tls.context,
        rejectUnauthorized: !tls.insecure,
        // A server name is a name: RFC 6066 §3 has none for addresses.
        servername: tls.serverName ?? (isIP(target.host) === 0 ? target.host : ""),
      })
    : connectTcp(address);

  const cancelTimeout = clock.after(timeoutMs, () => {
    fail(
      unreached("UPSTREAM_CONNECT_TIMEOUT", `no connection to ${target.authority} within ${timeoutMs} ms`),
    );
  });

  function settle(): boolean {
    if (phase === "settled") return false;
    phase = "settled";
    cancelTimeout();
    return true;
  }
  function fail(error: TunnelError): void {
    if (!settle()) return;
    socket.destroy();
    done(error, null);
  }
  function succeed(): void {
    if (settle()) done(null, socket);
  }

  // Stays for the socket's whole life: an error without a listener would end the process.
  socket.on("error", (error: NodeJS.ErrnoException) => {
    fail(connectErrorOf(error, target, phase === "securing"));
  });
  socket.once("close", () =>
    fail(unreached("UPSTREAM_REFUSED", `${target.authority} closed the connection`)),
  );
  socket.once("connect", () => {
    if (!isAllowed(socket, socketPath, target, policy)) {
      fail(notAllowed(target, socket.remoteAddress));
    } else if (target.secure) {
      phase = "securing";
    } else {
      succeed();
    }
  });
  if (target.secure) socket.once("secureConnect", succeed);

  return () => {
    if (settle()) socket.destroy();
  };
}

function isAllowed(
  { remoteAddress }: Socket,
  socketPath: string | null,
  target: UpstreamAddress,
  policy: UpstreamPolicy,
): boolean {
  if (socketPath !== null) return policy.allowsTarget(target) === "yes";
  return remoteAddress !== undefined && policy.allowsAddress(target, remoteAddress);
}

function vettedLookup(target: UpstreamAddress, policy: UpstreamPolicy, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, answers) => {
      const allowed =
        error === null ? answers.filter(({ address }) => policy.allowsAddress(target, address)) : [];
      const [first] = allowed;
      if (error !== null) callback(error, "", 0);
      else if (first === undefined) callback(notAllowed(target, answers[0]?.address), "", 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function connectErrorOf(
  error: NodeJS.ErrnoException,
  target: UpstreamAddress,
  securing: boolean,
): TunnelError {
  if (error instanceof TunnelError) return error;
  const code = error.code ?? error.message;
  if (securing) {
    return unreached("UPSTREAM_TLS", `TLS with ${target.authority} failed: ${code}`, error);
  }
  if (error.syscall === "getaddrinfo" || code.startsWith("EAI_")) {
    return unreached("UPSTREAM_DNS", `${target.host} has no address: ${code}`, error);
  }
  if (code === "ETIMEDOUT") {
    return unreached("UPSTREAM_CONNECT_TIMEOUT", `no connection to ${target.authority}: ${code}`, error);
  }
  return unreached("UPSTREAM_REFUSED", `no connection to ${target.authority}: ${code}`, error);
}

/** A failure before anything was written. */
export function unreached(
  code:
    | "UPSTREAM_REFUSED"
    | "UPSTREAM_DNS"
    | "UPSTREAM_TLS"
    | "UPSTREAM_PROTOCOL"
    | "UPSTREAM_CONNECT_TIMEOUT",
  message: string,
  cause?: unknown,
): TunnelError {
  return new TunnelError(code, message, { notProcessed: true, cause });
}
