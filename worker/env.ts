import type { RegistryCalls } from "./calls/registry-calls.ts";
import type { AccessVariables } from "./auth/cloudflare-access/access-settings.ts";
import type { LogVariables } from "./log-settings.ts";
import type { TelemetryCalls } from "./calls/telemetry-calls.ts";
import type { TunnelCalls } from "./calls/tunnel-calls.ts";
import {
  type Jurisdiction,
  jurisdictionOf,
  type LocationHint,
} from "./tunnel/configuration/tunnel-objects.ts";

/** The Worker's bindings, as wrangler.toml names them. */
export interface Env extends LogVariables, AccessVariables {
  TUNNEL: DurableObjectNamespace<TunnelCalls>;
  REGISTRY: DurableObjectNamespace<RegistryCalls>;
  TELEMETRY: DurableObjectNamespace<TelemetryCalls>;
  /** "cloudflare": requests come through its edge, which sets `CF-Connecting-IP` and the like. Otherwise these cannot be trusted. */
  EDGE?: string;
  /** "off": the runtime calls no private addresses; see `scripts/workerd-config.ts`. */
  PRIVATE_ADDRESSES?: string;
  /** The deployed version, from Cloudflare. Other runtimes do not have it. */
  VERSION_METADATA?: { id: string };
  /** "off": nobody may capture requests. Otherwise admins may, service by service. */
  CAPTURE?: string;
  /** Secret that opens the admin API before there are keys. Unset: only API keys do. */
  ADMIN_KEY?: string;
}

/** Made anew for each request, because a stub stays broken once its object was reset. */
export function registryStub(env: Env): DurableObjectStub<RegistryCalls> {
  return env.REGISTRY.get(env.REGISTRY.idFromName("registry"));
}

/** As above. `location` only counts if this call creates the object, which then stays there. */
export function tunnelStub(
  env: Env,
  objectName: string,
  location: LocationHint | null = null,
): DurableObjectStub<TunnelCalls> {
  const id = objectId(env.TUNNEL, tunnelIds, objectName);
  return location === null ? env.TUNNEL.get(id) : env.TUNNEL.get(id, { locationHint: location });
}

/** The Telemetry object of this name: that of the tunnel's object beside it, or `RELAY_TELEMETRY`. */
export function telemetryStub(
  env: Env,
  name: string,
  location: LocationHint | null = null,
): DurableObjectStub<TelemetryCalls> {
  const id = objectId(env.TELEMETRY, telemetryIds, name);
  return location === null ? env.TELEMETRY.get(id) : env.TELEMETRY.get(id, { locationHint: location });
}

/** Whether this runtime has jurisdictions. workerd by itself does not, and throws. */
export function hasJurisdiction(env: Pick<Env, "TUNNEL">, jurisdiction: Jurisdiction): boolean {
  try {
    env.TUNNEL.jurisdiction(jurisdiction).idFromName("tunnel");
    return true;
  } catch {
    return false;
  }
}

const MAX_KEPT_IDS = 1_000;
/** An id is a hash of its name, the same for ever. */
const tunnelIds = new Map<string, DurableObjectId>();
const telemetryIds = new Map<string, DurableObjectId>();

function objectId<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  kept: Map<string, DurableObjectId>,
  name: string,
): DurableObjectId {
  const before = kept.get(name);
  if (before !== undefined) return before;
  if (kept.size >= MAX_KEPT_IDS) kept.clear();
  const jurisdiction = jurisdictionOf(name);
  const id = (jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction)).idFromName(name);
  kept.set(name, id);
  return id;
}
