import { TunnelError } from "../shared/protocol/tunnel-error.ts";
import { type Env, tunnelStub } from "./env.ts";
import type { GatewayClaim, GatewayKeyClaim } from "./tunnel/claim.ts";
import { problemResponse } from "./tunnel/problem.ts";
import { tunnelObjectNames } from "./tunnel/tunnel-config.ts";

/** Hands a gateway's request to the tunnel's object. Never throws: an object that fails is an answer too. */
export async function relayToTunnel(
  env: Env,
  tunnelId: string,
  claim: GatewayClaim | GatewayKeyClaim,
  request: Request,
): Promise<Response> {
  const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
  try {
    // `cf` replaces whatever stood there: no client can make a claim.
    return await tunnelStub(env, objectName).fetch(request, { cf: { culvert: claim } });
  } catch (thrown) {
    return problemResponse(objectFailure(thrown), request.method, crypto.randomUUID());
  }
}

function objectFailure(thrown: unknown): TunnelError {
  const overloaded = (thrown as { overloaded?: boolean } | null)?.overloaded === true;
  return overloaded
    ? new TunnelError("OVERLOADED", "The tunnel's object has too many requests waiting.", { cause: thrown })
    : new TunnelError("RELAY_RESTART", "The tunnel's object was reset before the response began.", {
        cause: thrown,
      });
}
