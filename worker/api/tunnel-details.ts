import { type Env, registryStub } from "../env.ts";
import type { TunnelDetails } from "../calls/registry-calls.ts";

/**
 * What the Registry knows of a tunnel. After a deploy it may run version 0.1 for a while, which knows one object of each tunnel
 * and neither captures nor identities.
 */
export async function tunnelDetails(env: Env, id: string): Promise<TunnelDetails | null> {
  const details = await registryStub(env).tunnel(id);
  if (details === null) return null;
  const { createdAtMs } = details;
  const since = { addedAtMs: createdAtMs, phaseSinceMs: createdAtMs };
  const object = { name: id, location: null, phase: "serving" as const, pulled: true, ...since };
  return {
    objects: [object],
    pastObjects: [],
    captures: [],
    identities: [],
    ...(details as Partial<TunnelDetails>),
  } as TunnelDetails;
}
