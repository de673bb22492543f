import { type ServicesFile, isTcpEndpoint, parseHostPattern } from "../../shared/services/index.ts";

/** Why this service cannot be captured; null if it can. */
export function uncapturable({ services, networks = [] }: ServicesFile, service: string): string | null {
  const named = services.find(({ name }) => name.toLowerCase() === service.toLowerCase());
  if (named !== undefined)
    return isTcpEndpoint(named.endpoint)
      ? "is a TCP service: it has no fields, and its bytes are not captured"
      : null;
  const isHost =
    networks.some(({ protocol }) => protocol !== "tcp") && parseHostPattern(service)?.wildcard === false;
  return isHost ? null : "is not a service of this tunnel, nor a host of its networks";
}
