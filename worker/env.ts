import type { RegistryCalls } from "./registry/registry-calls.ts";
import type { LogVariables } from "./events/log-settings.ts";
import type { TelemetryCalls } from "./telemetry/telemetry-calls.ts";
import type { TunnelCalls } from "./tunnel/tunnel-calls.ts";

/** The Worker's bindings, as wrangler.toml names them. */
export interface Env extends LogVariables {
  TUNNEL: DurableObjectNamespace<TunnelCalls>;
  REGISTRY: DurableObjectNamespace<RegistryCalls>;
  TELEMETRY: DurableObjectNamespace<TelemetryCalls>;
  /** "cloudflare": requests come by its edge, which sets `CF-Connecting-IP` and the like. Else nobody vouches for them. */
  EDGE?: string;
  /** Secret that opens the admin API before there are keys. Unset: only API keys do. */
  ADMIN_KEY?: string;
}

/** Asked for anew on each request: a stub stays broken once its object was reset. */
export function registryStub(env: Env): DurableObjectStub<RegistryCalls> {
  return env.REGISTRY.get(env.REGISTRY.idFromName("registry"));
}

/** As above; for the names see `tunnelObjectNames`. */
export function tunnelStub(env: Env, objectName: string): DurableObjectStub<TunnelCalls> {
  return env.TUNNEL.get(tunnelObjectId(env, objectName));
}

/** Named like the tunnel's object that it serves, or `RELAY_TELEMETRY`. */
export function telemetryStub(env: Env, name: string): DurableObjectStub<TelemetryCalls> {
  return env.TELEMETRY.get(env.TELEMETRY.idFromName(name));
}

const MAX_KEPT_IDS = 1_000;
/** An id is a hash of its name, the same for ever. */
const keptIds = new Map<string, DurableObjectId>();

function tunnelObjectId(env: Env, objectName: string): DurableObjectId {
  const kept = keptIds.get(objectName);
  if (kept !== undefined) return kept;
  if (keptIds.size >= MAX_KEPT_IDS) keptIds.clear();
  const id = env.TUNNEL.idFromName(objectName);
  keptIds.set(objectName, id);
  return id;
}
