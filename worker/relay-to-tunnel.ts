import { TunnelError } from "../shared/protocol/tunnel-error.ts";
import { forget } from "./admission.ts";
import { type Env, tunnelStub } from "./env.ts";
import { type GatewayClaim, type GatewayKeyClaim, UNLOGGED } from "./tunnel/claim.ts";
import { problemResponse } from "./exchange/problem.ts";
import { tunnelObjectNames } from "./tunnel/tunnel-config.ts";

/** `isOwn`: not logged by the tunnel's object. */
export interface Relayed {
  response: Response;
  isOwn: boolean;
}

/** Hands a gateway's request to the tunnel's object. Never throws: an object that fails is an answer too. */
export async function relayToTunnel(
  env: Env,
  tunnelId: string,
  claim: GatewayClaim | GatewayKeyClaim,
  request: Request,
): Promise<Relayed> {
  const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
  try {
    // `cf` replaces whatever stood there: no client can make a claim.
    const response = await tunnelStub(env, objectName).fetch(request, { cf: { culvert: claim } });
    // Headers are an object of their own to the runtime, made when asked for.
    const mayBeOwn = response.status === 401 || response.status === 404;
    if (!mayBeOwn || !response.headers.has(UNLOGGED)) return { response, isOwn: false };
    if (response.status === 404) forget({ kind: "tunnel", id: tunnelId });
    return unlogged(response);
  } catch (thrown) {
    return {
      response: problemResponse(objectFailure(thrown), request.method, crypto.randomUUID()),
      isOwn: true,
    };
  }
}

/** Of an object that stands for no tunnel, or does not know for whom it acts. No upstream can set that header. */
function unlogged(answer: Response): Relayed {
  const response = new Response(answer.body, answer);
  response.headers.delete(UNLOGGED);
  return { response, isOwn: true };
}

function objectFailure(thrown: unknown): TunnelError {
  const overloaded = (thrown as { overloaded?: boolean } | null)?.overloaded === true;
  return overloaded
    ? new TunnelError("OVERLOADED", "The tunnel's object has too many requests waiting.", { cause: thrown })
    : new TunnelError("RELAY_RESTART", "The tunnel's object was reset before the response began.", {
        cause: thrown,
      });
}
