/** Takes the place of a Worker or service that a gateway's binding names and this machine does not have. */
import { WorkerEntrypoint } from "cloudflare:workers";

const REASON =
  "this binding does not work in the twin: only an account has it, or its Worker was not given as `gateway`";

export default class Absent extends WorkerEntrypoint {
  override fetch(): Response {
    return new Response(REASON, { status: 503 });
  }

  /** The method that Workers AI has. */
  run(): never {
    throw new Error(REASON);
  }
}
