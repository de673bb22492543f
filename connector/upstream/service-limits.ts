import { judgePath } from "../../shared/http/index.ts";
import { TunnelError } from "../../shared/protocol/index.ts";

/** What this connector's operator lets a service do, whatever the relay's own rules say. */
export interface ServiceLimits {
  /** As the settings name it. */
  name: string;
  /** Upper case; null: every method. */
  methods: readonly string[] | null;
  /** Prefixes of whole segments; null: every path. */
  paths: readonly string[] | null;
  /** Of a request; null: any length. */
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
  if (judgePath(limits.paths, path) !== "allowed") {
    throw notAllowed("this path", `services.${limits.name}.paths`);
  }
}

/**
 * Of a TCP connection. Whatever is sent there is not looked at, so where requests are limited it would be a way around:
 * the relay may not widen what this connector's operator has narrowed. Throws as `enforceLimits` does.
 */
export function refuseUnlimited({ name, methods, paths }: ServiceLimits): void {
  if (methods === null && paths === null) return;
  throw notAllowed("a TCP connection, which has no methods and paths", `services.${name}: leave both out`);
}

export function bodyTooLarge({ name, maxBodyBytes }: ServiceLimits, notProcessed: boolean): TunnelError {
  const message = `the connector takes bodies of up to ${maxBodyBytes} bytes; to take more, raise services.${name}.maxBodyBytes in its settings`;
  return new TunnelError("BODY_TOO_LARGE", message, { notProcessed });
}

function notAllowed(what: string, setting: string): TunnelError {
  const message = `the connector does not permit ${what}; to permit it, add it to ${setting} in its settings`;
  return new TunnelError("UPSTREAM_NOT_ALLOWED", message, { notProcessed: true });
}
