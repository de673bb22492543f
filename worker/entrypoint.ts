/*
 * The entrance of gateways that are Workers of the same account: they bind `TunnelBinding`, and the runtime calls it.
 *
 * Who is calling is said by the binding's props, which only a deploy can set; nothing that a request contains changes it. What
 * goes on from here is the request as it came, with the claim beside it in `cf`. A failure is an answer, never an exception.
 *
 * docs/gateways.md; decision 0007 says why identity travels beside the request.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { publicError, TunnelError } from "../shared/protocol/index.ts";
import { tunnelPresence } from "./subject-check.ts";
import { type TunnelBindingProps, publicUrlSchema } from "../shared/services/index.ts";
import { isTunnelId } from "./auth/index.ts";
import { dialTunnel, refusedDial } from "./objects/dial-tunnel.ts";
import type { Env } from "./env.ts";
import { type Relayed, relayToTunnel } from "./objects/relay-to-tunnel.ts";
import { type KnownFacts, logOwnAnswer, logOwnFailure } from "./relay-events.ts";
import { problemResponse } from "./failures/problem.ts";
import { errorOf, type TcpStreams } from "./exchange/tcp/tcp-streams.ts";
import type { GatewayClaim } from "./tunnel/configuration/claim.ts";
import type { Dialled } from "./calls/tunnel-calls.ts";

/** A host name has at most 253 characters, a port five digits. */
const MAX_ADDRESS_LENGTH = 260;

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

  /**
   * A TCP connection to a service, or to a host and port that a network rule opens. Throws an error with `code`; a
   * connection that is cut rejects its reader and its writer.
   */
  async dial(address: string): Promise<TcpStreams> {
    const arrivedAtMs = Date.now();
    const dialled = await this.#dial(address);
    if (dialled.ok) return dialled.streams;
    const { failure, isOwn } = dialled;
    if (isOwn) {
      const facts = { arrivedAtMs, ...textsOf(this.ctx.props ?? {}) };
      logOwnFailure(typeof address === "string" ? address : "", failure, facts, this.env, (work) =>
        this.ctx.waitUntil(work),
      );
    }
    throw errorOf(failure);
  }

  /**
   * `env.TUNNEL.connect(address)`, for code that only knows this API. The caller cannot learn of failures: over a binding, `opened`
   * always resolves, and every end looks like a clean one.
   */
  override async connect(socket: Socket): Promise<void> {
    const { localAddress = "" } = await socket.opened;
    try {
      const { readable, writable } = await this.dial(localAddress);
      await Promise.all([socket.readable.pipeTo(writable), readable.pipeTo(socket.writable)]);
    } catch {
      await socket.close().catch(() => {});
    }
  }

  async #dial(address: string): Promise<Dialled> {
    if (typeof address !== "string" || address.length > MAX_ADDRESS_LENGTH)
      return refusedDial("BAD_REQUEST", "The address must be a service's name, or host:port.");
    const claim = await this.#claim({ headers: new Headers() });
    if (claim instanceof TunnelError) return refusedDial(claim.code, claim.message);
    return dialTunnel(this.env, claim.tunnel, claim.claim, address);
  }

  async #relay(request: Request): Promise<Relayed> {
    const claim = await this.#claim(request);
    if (claim instanceof TunnelError) {
      return { response: problemResponse(claim, request.method, crypto.randomUUID()), isOwn: true };
    }
    return relayToTunnel(this.env, claim.tunnel, claim.claim, request);
  }

  /** Who is calling, and which tunnel: the props say both. */
  async #claim(
    request: Pick<Request, "headers">,
  ): Promise<{ tunnel: string; claim: GatewayClaim } | TunnelError> {
    const { tunnel, project, environment, forwarded, publicUrl } = this.ctx.props ?? {};
    if (typeof tunnel !== "string" || !isTunnelId(tunnel)) {
      const message = "The binding's props name no tunnel: set props.tunnel to its id.";
      return publicError("UNKNOWN_TUNNEL", message);
    }
    if (typeof project !== "string" || typeof environment !== "string")
      return publicError("ACCESS_DENIED", "The binding's props need project and environment.");
    if ((await tunnelPresence(this.env, tunnel, request)) === "absent")
      return publicError("UNKNOWN_TUNNEL", "There is no tunnel with this id.");
    if (publicUrl !== undefined && !publicUrlSchema.safeParse(publicUrl).success) {
      const message =
        "The binding's props.publicUrl must be an http or https URL without credentials, query and fragment.";
      return publicError("BAD_REQUEST", message);
    }
    const keepForwarded = forwarded === "keep";
    const claim: GatewayClaim = {
      ...{ kind: "request", project, environment, keepForwarded },
      ...(publicUrl === undefined ? {} : { publicUrl }),
    };
    return { tunnel, claim };
  }
}

/** Checks the props, because a deploy may contain anything. */
function textsOf({ tunnel, project, environment }: Partial<TunnelBindingProps>): Partial<KnownFacts> {
  const given = { tunnel, project, environment };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === "string"));
}
