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

/** Part of every claim. */
export interface CallersBuild {
  /**
   * The build of the Worker's code. An object that only other builds than its own call runs old code (`newer-code.ts`). Workers of
   * version 0.1 do not send it.
   */
  build?: string;
}

/** Who is calling: from the binding's props or a gateway key, never from anything a client sends. */
export interface GatewayClaim extends CallersBuild {
  kind: "request";
  project: string;
  environment: string;
  /** The id of the gateway key, if there was one. */
  kid?: string;
  /** Path and query as they came, if the request's URL cannot represent them. */
  path?: string;
  /** The revision of the Worker's list of objects. An object with a newer list sends it back. */
  knownRevision?: number;
  /** An object that cannot carry it has handed it on. */
  handedOn?: true;
  /** It was handed on twice, so this object has to answer. */
  handedOnTwice?: true;
  /** A TCP connection over a WebSocket is wanted, to this service or host:port. */
  tcp?: string;
  /** Leave the caller's own Forwarded and X-Forwarded-* unchanged. */
  keepForwarded: boolean;
  /** Where the gateway's own clients call it. */
  publicUrl?: string;
  /** `https` or `http`: how the relay was called by `/~/`. */
  scheme?: string;
}

/** A gateway outside the account presents a key. The tunnel's object knows the caller that the key stands for. */
export interface GatewayKeyClaim extends CallersBuild {
  kind: "gateway-key";
  kid: string;
  /** SHA-256 of the key's secret, in hex. */
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

/** Says that the object has not logged this answer. The Worker removes the header. */
export const UNLOGGED = "culvert-unlogged";

/** The list of the tunnel's objects, if it is newer than the claim's. The Worker removes the header. */
export const OBJECTS_FIELD = "culvert-objects";

/** Somebody with a key of the admin API watches the requests. */
export interface TailClaim extends CallersBuild {
  kind: "tail";
  /** The id of the key or session, or "admin-key". Workers of older versions do not send it. */
  kid?: string;
  /** When the key or session expires. */
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
