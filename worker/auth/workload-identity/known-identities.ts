import { askIssuer } from "../jwt/ask-issuer.ts";
import { IssuerKeys } from "../jwt/issuer-keys.ts";
import { type JwtClaims, verifyJwt } from "../jwt/verify-jwt.ts";
import type { WorkloadIdentity } from "./workload-identity.ts";

/** What the Registry tells a Worker that is to judge its tokens. */
export interface StoredIdentity {
  identity: WorkloadIdentity;
  /**
   * Random, another with each change of the keys. The Worker hands it to the tunnel's object as it does a token's digest: the
   * object sees by it that the Worker judged by what is in force.
   */
  proofHex: string;
}

interface Known extends StoredIdentity {
  keys: IssuerKeys;
  atMs: number;
}

/** So soon at the latest a change of the keys counts here. Dials are rare: asking again costs nothing. */
const FRESH_MS = 10_000;
/** Each is 32 KiB at most. */
const MAX_KNOWN = 100;
/** However its issuer writes them: one that is lost is worth nothing after a day. */
const MAX_LIFETIME_SECONDS = 24 * 3_600 + 60;

/** The identities that tunnels trust, as far as this isolate has learnt of them. */
export class KnownIdentities {
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Known>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Does this token show that its bearer is the identity `kid` of this tunnel? The result: what to show the tunnel's object, or
   * null. Throws IssuerUnavailable, or what `ask` throws, where it cannot be told.
   */
  async proofHex(
    token: string,
    tunnelId: string,
    kid: string,
    ask: () => Promise<StoredIdentity | null>,
  ): Promise<string | null> {
    const known = await this.#get(`${tunnelId}/${kid}`, ask);
    if (known === null) return null;
    const { issuer, audience, subjects } = known.identity;
    const accepts = ({ aud, sub, exp }: JwtClaims): boolean =>
      isOnly(aud, audience) &&
      sub !== undefined &&
      subjects.includes(sub) &&
      exp <= this.#nowMs() / 1_000 + MAX_LIFETIME_SECONDS;
    const claims = await verifyJwt(token, { issuer, accepts }, known.keys, this.#nowMs());
    return claims && known.proofHex;
  }

  /** The tunnel's object has refused what was known here. */
  forget(tunnelId: string, kid: string): void {
    this.#known.delete(`${tunnelId}/${kid}`);
  }

  /** Requests that come together each ask for themselves: on Workers none may wait for another's call. */
  async #get(name: string, ask: () => Promise<StoredIdentity | null>): Promise<Known | null> {
    const before = this.#known.get(name);
    if (before !== undefined && this.#nowMs() - before.atMs < FRESH_MS) return before;
    let stored: StoredIdentity | null;
    try {
      stored = await ask();
    } catch (thrown) {
      // The object decides by its own copy whether that is in force still.
      if (before !== undefined) return before;
      throw thrown;
    }
    this.#known.delete(name);
    if (stored === null) return null;
    const keys = before?.proofHex === stored.proofHex ? before.keys : this.#keysOf(stored.identity);
    const known = { ...stored, keys, atMs: this.#nowMs() };
    this.#known.set(name, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }

  #keysOf({ keySource: { jwks, jwksUrl } }: WorkloadIdentity): IssuerKeys {
    return new IssuerKeys({
      nowMs: this.#nowMs,
      fetch: async () => (jwksUrl === null ? jwks : await askIssuer(jwksUrl)),
    });
  }
}

/** A token that is for others as well could be shown here by any of them. */
function isOnly(aud: JwtClaims["aud"], audience: string): boolean {
  const audiences = [aud].flat();
  return audiences.length === 1 && audiences[0] === audience;
}
