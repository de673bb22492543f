/*
 * What the Worker tells an object about a caller, beside the request. Both entrances, the admin API and the connectors' route write
 * a claim; `tunnel-object.ts` reads it.
 *
 * A claim travels in `cf`, where nothing that a client sends can end up. Worker and object may be of different versions after
 * a deploy, so a new field is optional and the object works without it.
 *
 * docs/security.md#promises; decision 0007.
 */
import type { ConnectClaim } from "../../auth/index.ts";
import type { TailFilter } from "../../../shared/signals/tail-filter.ts";

/** Stands in every claim. */
export interface CallersBuild {
  /**
   * Of the Worker's code. One that differs from the object's own: a new version is deployed, and the platform is about to
   * reset the object. Workers of version 0.1 do not say.
   */
  build?: string;
}

/** Who is calling: from the binding's props or a gateway key, never from anything a client sends. */
export interface GatewayClaim extends CallersBuild {
  kind: "request";
  project: string;
  environment: string;
  /** Id of the gateway key that it came with, where there was one. */
  kid?: string;
  /** Path and query as they came, where the request's URL cannot carry them. */
  path?: string;
  /** The revision of the list of objects that the Worker knows: an object with a newer one tells it. */
  knownRevision?: number;
  /** An object that cannot carry it has handed it on. */
  handedOn?: true;
  /** So has the one that it came to: this one answers. */
  handedOnTwice?: true;
  /** A TCP connection over a WebSocket is wanted, to this service or host:port. */
  tcp?: string;
  /** Leave the caller's own Forwarded and X-Forwarded-* as they are. */
  keepForwarded: boolean;
  /** Where the gateway's own clients call it. */
  publicUrl?: string;
  /** `https` or `http`: how the relay was called by `/~/`. */
  scheme?: string;
}

/** A gateway outside the account shows a key; the tunnel's object knows whom it stands for. */
export interface GatewayKeyClaim extends CallersBuild {
  kind: "gateway-key";
  kid: string;
  /** Of the key's secret, SHA-256 in hex. */
  digestHex: string;
  /** As for a bound gateway. */
  path?: string;
  scheme?: string;
  knownRevision?: number;
  handedOn?: true;
  handedOnTwice?: true;
  /** As for a bound gateway. */
  tcp?: string;
}

/** `culvert-error` of the object's answer to an invalid key. No upstream can set that header. */
export const KEY_REFUSED = "UNAUTHENTICATED";

/** The object has not logged this answer. The Worker takes the header off. */
export const UNLOGGED = "culvert-unlogged";

/** The list of the tunnel's objects, where the claim asked for a newer one. The Worker takes the header off. */
export const OBJECTS_FIELD = "culvert-objects";

/** Somebody with a key of the admin API watches the requests. */
export interface TailClaim extends CallersBuild {
  kind: "tail";
  /** Of the key or session that was shown, or "admin-key". A Worker of an older version names none. */
  kid?: string;
  /** When that ends by itself. */
  endsAtMs?: number;
  filter: TailFilter;
}

export type Claim = ConnectClaim | GatewayClaim | GatewayKeyClaim | TailClaim;

/**
 * The claim that the Worker put beside the request. A request from a socket has a `cf` of its own, but never this key:
 * the Worker sets `cf` on each call to an object.
 */
export function claimOf(request: Request): Claim | null {
  const cf = request.cf as { culvert?: Claim } | undefined;
  return cf?.culvert ?? null;
}
