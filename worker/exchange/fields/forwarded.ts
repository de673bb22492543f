import type { Field } from "../../../shared/protocol/index.ts";
import type { Endpoint } from "../../../shared/services/index.ts";

/** What is known about the gateway's client. Null: not known, and then nothing is sent. */
export interface CallerFacts {
  address: string | null;
  scheme: string | null;
  host: string | null;
  /** Cloudflare's own fields can be trusted. */
  isBehindEdge: boolean;
}

export interface FactsSource {
  headers: Headers;
  /** Requests come by Cloudflare's edge, which sets its fields itself: without it, a client can forge them. */
  isBehindEdge: boolean;
  /** The scheme of a request over `/~/`, whose URL the object does not see. */
  scheme: string | undefined;
  /** The public URL that the gateway's operator has set. */
  publicUrl: Endpoint | null;
}

/** No address is longer. Without this limit, the pattern below would take seconds for some values. */
const MAX_ADDRESS_LENGTH = 45;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** Never from the client's Host, which may be anything. */
export function callerFacts({ headers, isBehindEdge, scheme, publicUrl }: FactsSource): CallerFacts {
  const address = isBehindEdge ? headers.get("cf-connecting-ip") : null;
  const isAddress = address !== null && address.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(address);
  const known = { address: isAddress ? address : null, isBehindEdge };
  if (publicUrl !== null) {
    const { protocol, host } = new URL(publicUrl.origin);
    return { ...known, scheme: protocol.slice(0, -1), host };
  }
  return { ...known, scheme: isBehindEdge ? edgeScheme(headers, scheme) : null, host: null };
}

/** The scheme in which the client called the edge, not the one in which the edge calls the Worker. */
function edgeScheme(headers: Headers, ofRequest: string | undefined): string | null {
  const visitor = /"scheme"\s*:\s*"(https?)"/.exec(headers.get("cf-visitor") ?? "")?.[1];
  const said = visitor ?? headers.get("x-forwarded-proto") ?? ofRequest ?? "";
  return said === "http" || said === "https" ? said : null;
}

/** RFC 7239, and the older fields. */
export function forwardedFields({ address, scheme, host }: CallerFacts): Field[] {
  const parameters: string[] = [];
  const fields: Field[] = [];
  if (address !== null) {
    parameters.push(address.includes(":") ? `for="[${address}]"` : `for=${address}`);
    fields.push(["x-forwarded-for", address]);
  }
  if (host !== null) {
    parameters.push(`host="${host}"`);
    fields.push(["x-forwarded-host", host]);
  }
  if (scheme !== null) {
    parameters.push(`proto=${scheme}`);
    fields.push(["x-forwarded-proto", scheme]);
  }
  return parameters.length === 0 ? fields : [["forwarded", parameters.join(";")], ...fields];
}
