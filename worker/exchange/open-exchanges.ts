import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import {
  type AccessPolicy,
  decide,
  decideTcp,
  type Decision,
} from "../tunnel/configuration/access-policy.ts";
import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";

/** The facts by which an exchange was allowed, so that it can be checked again when the rules change. */
export interface Grounds {
  project: string;
  environment: string;
  /** The id of its gateway key; null for a binding. */
  kid: string | null;
  /** What was asked for, without its path; of a TCP connection `tcp://` and the address as it was given. */
  origin: string;
  /** The path of the decision. Null: it is not known any more, so only the caller is checked. */
  path: string | null;
}

interface OpenExchange {
  grounds: Grounds;
  /** Ends the exchange in any phase. Called at most once. */
  end(refusal: TunnelError): void;
}

/**
 * Every exchange that is not over, including requests that wait for a connector, and sleeping WebSockets. With each new
 * configuration all of them are checked again by the same rules, so that a revocation also ends what is open.
 */
export class OpenExchanges {
  readonly #open = new Set<OpenExchange>();

  /** Call the returned function when the exchange is over. */
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
