import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import {
  type AccessPolicy,
  decide,
  decideTcp,
  type Decision,
} from "../tunnel/configuration/access-policy.ts";
import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";

/** By what an exchange was let in: enough to ask again when the rules have changed. */
export interface Grounds {
  project: string;
  environment: string;
  /** Of the gateway key that it came with; null for a gateway's binding. */
  kid: string | null;
  /** What was asked for, without its path; of a TCP connection `tcp://` and the address as it was given. */
  origin: string;
  /** As it was judged; null where that is not known any more, and only the caller can be judged. */
  path: string | null;
}

interface OpenExchange {
  grounds: Grounds;
  /** Ends it, whatever it is at. Called once at most. */
  end(refusal: TunnelError): void;
}

/**
 * Every exchange that is not over, requests that still wait for a connector and sleeping WebSockets included. Revoked
 * means over: with each new configuration all of them are judged again, by the same rules that let them in.
 */
export class OpenExchanges {
  readonly #open = new Set<OpenExchange>();

  /** The result takes it out again: to be called when it is over. */
  add(exchange: OpenExchange): () => void {
    this.#open.add(exchange);
    return () => this.#open.delete(exchange);
  }

  get size(): number {
    return this.#open.size;
  }

  judge(config: TunnelConfig, policy: AccessPolicy): void {
    const kids = new Set(config.gatewayKeys.map(({ kid }) => kid));
    for (const exchange of this.#open) {
      const refusal = refusalOf(exchange.grounds, config, policy, kids);
      if (refusal === null) continue;
      this.#open.delete(exchange);
      exchange.end(refusal);
    }
  }
}

function refusalOf(
  grounds: Grounds,
  config: TunnelConfig,
  policy: AccessPolicy,
  kids: ReadonlySet<string>,
): TunnelError | null {
  const { kid } = grounds;
  if (config.deleted) return publicError("UNKNOWN_TUNNEL", "The tunnel was deleted.");
  if (kid !== null && !kids.has(kid)) return publicError("ACCESS_DENIED", "The gateway key was deleted.");
  const decision = decisionOn(grounds, policy);
  if (decision?.allow === true) return null;
  return publicError(decision?.code ?? "ACCESS_DENIED", decision?.message ?? "The service no longer exists.");
}

const TCP = "tcp://";

function decisionOn({ project, environment, origin, path }: Grounds, policy: AccessPolicy): Decision | null {
  const caller = { project, environment };
  if (origin.startsWith(TCP)) return decideTcp(policy, caller, origin.slice(TCP.length));
  // Written by this relay, so it is a URL; if not, nothing says that it is allowed.
  const url = URL.parse(origin);
  return url && decide(policy, caller, url, path);
}
