import { parseToken } from "../../../shared/token.ts";
import { credentialPresence, forget } from "../../admission.ts";
import { sha256Hex } from "../../auth/digest.ts";
import type { Subject } from "../../auth/registry-knowledge.ts";
import type { ConnectClaim } from "../../auth/verify-token.ts";
import type { Env } from "../../env.ts";
import { tunnelStub } from "../../env.ts";
import { tunnelObjectNames } from "../../tunnel/tunnel-config.ts";
import { bearerCredential, unauthenticated } from "../authenticate.ts";
import { ApiError } from "../problem.ts";

const SUBPROTOCOL = "culvert.v1";

/**
 * A connector's WebSocket. What is no token of this relay is refused here; whether one still holds is for the
 * tunnel's object to say, which answers 101 or 401.
 */
export async function connect(request: Request, env: Env, nowMs: number): Promise<Response> {
  if (request.headers.has("origin")) throw new ApiError("ORIGIN_REFUSED");
  if (!speaksCulvert(request.headers)) {
    const headers = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-protocol": SUBPROTOCOL };
    throw new ApiError("UPGRADE_REQUIRED", { detail: `This relay speaks ${SUBPROTOCOL}.`, headers });
  }
  const parsed = parseToken(bearerCredential(request));
  if (!parsed.ok) throw unauthenticated(request, nowMs);

  const { tunnelId, kid, secret } = parsed.token;
  const claim: ConnectClaim = { kind: "connect", kid, secretDigestHex: await sha256Hex(secret) };
  const subject: Subject = { kind: "token", id: kid, tunnelId };
  if ((await credentialPresence(env, subject, claim.secretDigestHex, request)) === "absent")
    throw unauthenticated(request, nowMs, { subject });
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
  let response: Response;
  try {
    response = await tunnelStub(env, objectName).fetch(new Request(request, { headers }), {
      cf: { culvert: claim },
    });
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
  if (response.status === 401) {
    forget(subject);
    throw unauthenticated(request, nowMs, { subject });
  }
  if (response.status === 409)
    throw new ApiError("LIMIT_REACHED", { detail: "The tunnel has as many connections as it takes." });
  return response;
}

function speaksCulvert(headers: Headers): boolean {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(SUBPROTOCOL);
}
