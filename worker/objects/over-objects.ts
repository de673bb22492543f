import { SAFE_METHODS } from "../../shared/http/index.ts";
import { SilentObjectError, whileAlive } from "./ask-object.ts";
import { type Env, tunnelStub } from "../env.ts";
import { type ChosenObject, type ServingObjects, SILENT_LEFT_OUT_MS } from "./serving-objects.ts";
import type { TunnelCalls } from "../calls/tunnel-calls.ts";

/** What to do with an object's answer: keep it, avoid the object for a while, or also ask another object. */
export type MoveVerdict = "keep" | "leave out" | "move";

/**
 * Asks one of the tunnel's objects, and another one, once, if that can do no harm. `onMove` gets the answer that is dropped.
 */
export async function overObjects<T>(
  serving: ServingObjects,
  tunnelId: string,
  ask: (object: ChosenObject) => Promise<T>,
  verdictOn: (answer: T) => MoveVerdict,
  onMove: (answer: T) => Promise<unknown> = async () => {},
): Promise<T> {
  const first = serving.choose(tunnelId);
  if (first === null) throw new Error("every tunnel has an object");
  const answer = await ask(first);
  const verdict = verdictOn(answer);
  if (!first.hasSiblings || verdict === "keep") return answer;
  first.leaveOut();
  const other = verdict === "move" ? serving.choose(tunnelId, first.name) : null;
  if (other === null) return answer;
  await onMove(answer);
  return ask(other);
}

/** The object's answer. Throws if it was reset or is stuck. */
export async function askChosen<T>(
  env: Env,
  object: ChosenObject,
  call: (stub: DurableObjectStub<TunnelCalls>) => Promise<T>,
): Promise<T> {
  const stub = tunnelStub(env, object.name, object.location);
  try {
    return await whileAlive(call(stub), () => stub.alive());
  } catch (thrown) {
    if (thrown instanceof SilentObjectError) object.leaveOut(SILENT_LEFT_OUT_MS);
    throw thrown;
  } finally {
    object.done();
  }
}

/** The verdict on an answer with this code. With the codes named here, nothing of the request was processed. */
export function verdictOnCode(code: string | null, hasBody: boolean): MoveVerdict {
  if (code !== "NO_CONNECTOR" && code !== "OVERLOADED") return "keep";
  return hasBody ? "leave out" : "move";
}

/** The verdict on an object that failed during the request, which may have been processed. */
export function verdictOnFailure(method: string, hasBody: boolean): MoveVerdict {
  return !hasBody && SAFE_METHODS.has(method) ? "move" : "leave out";
}
