import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import { forget } from "../subject-check.ts";
import { buildOf } from "../build.ts";
import type { Env } from "../env.ts";
import { failureFacts } from "../failures/tcp-failure.ts";
import { objectFailure } from "./ask-object.ts";
import { askChosen, overObjects } from "./over-objects.ts";
import { type ChosenObject, servingObjects } from "./serving-objects.ts";
import type { GatewayClaim } from "../tunnel/configuration/claim.ts";
import type { Dialled } from "../calls/tunnel-calls.ts";

/** With these codes no connection was opened, so another object may be asked. */
const ELSEWHERE: ReadonlySet<string> = new Set(["NO_CONNECTOR", "OVERLOADED", "RELAY_RESTART"]);

/**
 * Asks one of the tunnel's objects for a TCP connection, and another one, once, if the first one can't. It uses RPC, because only RPC
 * distinguishes a cut from an end in both directions (docs/decisions/0045-tcp-by-rpc.md). Never throws.
 */
export async function dialTunnel(
  env: Env,
  tunnelId: string,
  claim: GatewayClaim,
  address: string,
): Promise<Dialled> {
  return overObjects(
    servingObjects,
    tunnelId,
    (object) => ask(env, tunnelId, object, claim, address),
    (dialled) => (dialled.ok || !ELSEWHERE.has(dialled.failure.code) ? "keep" : "move"),
  );
}

/** The result of a refusal before any object is asked. */
export function refusedDial(code: TunnelError["code"], message: string): Dialled {
  return {
    ok: false,
    failure: failureFacts(publicError(code, message), crypto.randomUUID()),
    isOwn: true,
  };
}

async function ask(
  env: Env,
  tunnelId: string,
  object: ChosenObject,
  claim: GatewayClaim,
  address: string,
): Promise<Dialled> {
  const { knownRevision } = object;
  const build = buildOf(env);
  const asked = knownRevision === undefined ? { ...claim, build } : { ...claim, build, knownRevision };
  try {
    const dialled = await askChosen<Dialled>(env, object, (stub) => stub.dial(asked, address));
    if (dialled.objects !== undefined) servingObjects.learn(tunnelId, dialled.objects);
    if (!dialled.ok && dialled.isOwn && dialled.failure.code === "UNKNOWN_TUNNEL")
      forget({ kind: "tunnel", id: tunnelId });
    return dialled;
  } catch (thrown) {
    const error = objectFailure(thrown, "connection");
    return { ok: false, failure: failureFacts(error, crypto.randomUUID()), isOwn: true };
  }
}
