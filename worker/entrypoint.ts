import { WorkerEntrypoint } from "cloudflare:workers";
import { TunnelError } from "../shared/protocol/tunnel-error.ts";
import { tunnelPresence } from "./admission.ts";
import { publicUrlSchema } from "../shared/services/public-url.ts";
import { isTunnelId } from "./auth/random-id.ts";
import type { Env } from "./env.ts";
import { type Relayed, relayToTunnel } from "./relay-to-tunnel.ts";
import { type KnownFacts, logOwnAnswer } from "./events/relay-events.ts";
import { problemResponse } from "./exchange/problem.ts";

/** What a gateway's binding says in its `props`: the only source of who is calling. */
export interface TunnelBindingProps {
  tunnel: string;
  project: string;
  environment: string;
  /** "keep": the gateway's own Forwarded and X-Forwarded-* go upstream as they are. Default: "generate". */
  forwarded?: "generate" | "keep";
  /** Where this gateway's own clients call it, such as `https://api.example.com/base`. */
  publicUrl?: string;
}

/** The entrypoint that gateways bind: `env.TUNNEL.fetch("http://service-name/path")`. */
export class TunnelBinding extends WorkerEntrypoint<Env, Partial<TunnelBindingProps>> {
  override async fetch(request: Request): Promise<Response> {
    const arrivedAtMs = Date.now();
    const { response, isOwn } = await this.#relay(request);
    if (isOwn) {
      const facts = { arrivedAtMs, ...textsOf(this.ctx.props ?? {}) };
      logOwnAnswer(request, response, facts, this.env, (work) => this.ctx.waitUntil(work));
    }
    return response;
  }

  async #relay(request: Request): Promise<Relayed> {
    const { tunnel, project, environment, forwarded, publicUrl } = this.ctx.props ?? {};
    if (typeof tunnel !== "string" || !isTunnelId(tunnel)) {
      return refusal(
        request,
        "UNKNOWN_TUNNEL",
        "The binding's props name no tunnel: set props.tunnel to its id.",
      );
    }
    if (typeof project !== "string" || typeof environment !== "string") {
      return refusal(request, "ACCESS_DENIED", "The binding's props need project and environment.");
    }
    if ((await tunnelPresence(this.env, tunnel, request)) === "absent")
      return refusal(request, "UNKNOWN_TUNNEL", "There is no tunnel of this id.");
    if (publicUrl !== undefined && !publicUrlSchema.safeParse(publicUrl).success) {
      const message =
        "The binding's props.publicUrl must be an http or https URL without credentials, query and fragment.";
      return refusal(request, "BAD_REQUEST", message);
    }
    const keepForwarded = forwarded === "keep";
    const claim = {
      ...{ kind: "request" as const, project, environment, keepForwarded },
      ...(publicUrl === undefined ? {} : { publicUrl }),
    };
    return relayToTunnel(this.env, tunnel, claim, request);
  }
}

function refusal(
  request: Request,
  code: "UNKNOWN_TUNNEL" | "ACCESS_DENIED" | "BAD_REQUEST",
  message: string,
): Relayed {
  const error = new TunnelError(code, message);
  return { response: problemResponse(error, request.method, crypto.randomUUID()), isOwn: true };
}

/** Props are whatever was deployed. */
function textsOf({ tunnel, project, environment }: Partial<TunnelBindingProps>): Partial<KnownFacts> {
  const given = { tunnel, project, environment };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === "string"));
}
