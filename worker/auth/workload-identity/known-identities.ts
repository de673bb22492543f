import { askIssuer } from "../jwt/ask-issuer.ts";
import { IssuerKeys } from "../jwt/issuer-keys.ts";
import { type JwtClaims, verifyJwt } from "../jwt/verify-jwt.ts";
import type { WorkloadIdentity } from "./workload-identity.ts";

/** What the Registry tells a Worker that has to check the identity's tokens. */
export interface StoredIdentity {
  identity: WorkloadIdentity;
  /**
   * Random, and new with each change of the keys. The Worker passes it to the tunnel's object like a token's digest. By it the object sees
   * that the Worker has used the current keys.
   */
  proofHex: string;
}

interface Known extends StoredIdentity {
  keys: IssuerKeys;
  atMs: number;
}

/** A change of the keys counts here at the latest after this time. Dials are rare, so asking again costs little. */
const FRESH_MS = 10_000;
/** Each is 32 KiB at most. */
const MAX_KNOWN = 100;
/** Whatever the issuer writes, a stolen token is useless after a day. */
const MAX_LIFETIME_SECONDS = 24 * 3_600 + 60;

/** The identities that tunnels trust, as far as this isolate knows them. */
export class KnownIdentities {
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Known>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Whether this token proves that its bearer is the identity `kid` of this tunnel. Returns the proof for the tunnel's object, or null.
   * Throws IssuerUnavailable, or what `ask` throws, if that is not known.
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

  /** Simultaneous requests each ask for themselves, because on Workers none may wait for another one's call. */
  async #get(name: string, ask: () => Promise<StoredIdentity | null>): Promise<Known | null> {
    const before = this.#known.get(name);
    if (before !== undefined && this.#nowMs() - before.atMs < FRESH_MS) return before;
    let stored: StoredIdentity | null;
    try {
      stored = await ask();
    } catch (thrown) {
      // The object decides by its own copy whether this is still valid.
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

/** If a token were also for others, any of them could present it here. */
function isOnly(aud: JwtClaims["aud"], audience: string): boolean {
  const audiences = [aud].flat();
  return audiences.length === 1 && audiences[0] === audience;
}
