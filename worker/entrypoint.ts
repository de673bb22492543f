import { WorkerEntrypoint } from "cloudflare:workers";
import { TunnelError } from "../shared/protocol/tunnel-error.ts";
import { isTunnelId } from "./auth/random-id.ts";
import type { Env } from "./env.ts";
import { relayToTunnel } from "./relay-to-tunnel.ts";
import { problemResponse } from "./tunnel/problem.ts";

/** What a gateway's binding says in its `props`: the only source of who is calling. */
export interface TunnelBindingProps {
  tunnel: string;
  project: string;
  environment: string;
  /** "keep": the gateway's own Forwarded and X-Forwarded-* go upstream as they are. Default: "generate". */
  forwarded?: "generate" | "keep";
}

/** The entrypoint that gateways bind: `env.TUNNEL.fetch("http://service-name/path")`. */
export class TunnelBinding extends WorkerEntrypoint<Env, Partial<TunnelBindingProps>> {
  override async fetch(request: Request): Promise<Response> {
    const { tunnel, project, environment, forwarded } = this.ctx.props ?? {};
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
    const claim = { kind: "request" as const, project, environment, keepForwarded: forwarded === "keep" };
    return relayToTunnel(this.env, tunnel, claim, request);
  }
}

function refusal(request: Request, code: "UNKNOWN_TUNNEL" | "ACCESS_DENIED", message: string): Response {
  return problemResponse(new TunnelError(code, message), request.method, crypto.randomUUID());
}
