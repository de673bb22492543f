import { judgePath, namesResource, pathNamed } from "../../shared/http/index.ts";
import { TunnelError } from "../../shared/protocol/index.ts";

/** What this connector's operator allows a service to do, whatever the relay's own rules say. */
export interface ServiceLimits {
  /** The name in the settings. */
  name: string;
  /** Upper case; null: every method. */
  methods: readonly string[] | null;
  /** Prefixes of whole segments; null: every path. */
  paths: readonly string[] | null;
  /** Limit of a request's body; null: any length. */
  maxBodyBytes: number | null;
}

/** By service name in lower case; "*" stands for every service that is not named. */
export type LimitsByService = ReadonlyMap<string, ServiceLimits>;

const UNLIMITED: ServiceLimits = { name: "*", methods: null, paths: null, maxBodyBytes: null };

export function limitsFor(limits: LimitsByService, service: string): ServiceLimits {
  return limits.get(service.toLowerCase()) ?? limits.get("*") ?? UNLIMITED;
}

/** Throws UPSTREAM_NOT_ALLOWED, as not processed, with what to change. */
export function enforceLimits(limits: ServiceLimits, method: string, path: string): void {
  if (limits.methods !== null && !limits.methods.includes(method)) {
    throw notAllowed(`method ${method}`, `services.${limits.name}.methods`);
  }
  enforcePath(limits, "this path", path);
}

/** Throws as above where a field names a second path that is not allowed: where to copy to, or from. */
export function enforceNamedPath(limits: ServiceLimits, name: string, value: string): void {
  if (namesResource(name)) enforcePath(limits, `the path in ${name}`, pathNamed(value));
}

function enforcePath({ name, paths }: ServiceLimits, what: string, path: string): void {
  if (judgePath(paths, path) !== "allowed") throw notAllowed(what, `services.${name}.paths`);
}

/**
 * Refuses a TCP connection to a service with limits on methods or paths. The bytes of a TCP connection are not inspected, so it
 * would bypass these limits, and the relay must not widen what the operator has limited. Throws as `enforceLimits` does.
 */
export function refuseUnlimited({ name, methods, paths }: ServiceLimits): void {
  if (methods === null && paths === null) return;
  throw notAllowed("a TCP connection, which has no methods and paths", `services.${name}: leave both out`);
}

export function bodyTooLarge({ name, maxBodyBytes }: ServiceLimits, notProcessed: boolean): TunnelError {
  const message = `the connector accepts bodies of up to ${maxBodyBytes} bytes; to accept more, raise services.${name}.maxBodyBytes in its settings`;
  return new TunnelError("BODY_TOO_LARGE", message, { notProcessed });
}

function notAllowed(what: string, setting: string): TunnelError {
  const message = `the connector does not permit ${what}; to permit it, add it to ${setting} in its settings`;
  return new TunnelError("UPSTREAM_NOT_ALLOWED", message, { notProcessed: true });
}
