/** Stands where a binding of the gateway leads to nothing that this machine has. */
import { WorkerEntrypoint } from "cloudflare:workers";

const REASON =
  "this binding leads nowhere in the twin: it is the account's alone, or its Worker is not among those given as `gateway`";

export default class Absent extends WorkerEntrypoint {
  override fetch(): Response {
    return new Response(REASON, { status: 503 });
  }

  /** As Workers AI is called. */
  run(): never {
    throw new Error(REASON);
  }
}
