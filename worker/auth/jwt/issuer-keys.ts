import { decodeBase64url } from "../../../shared/tokens/base64url.ts";
import { IssuerUnavailable } from "./ask-issuer.ts";

export type SigningAlgorithm = "RS256" | "ES256";

/** Keys are exchanged every few weeks, and are published long before they are used. */
const FRESH_MS = 3_600_000;
/** How long known keys are used while the issuer does not answer. */
const STALE_MS = 24 * 3_600_000;
/** Made-up key ids cause questions to the issuer at most this often. */
const ASK_AGAIN_MS = 10_000;
const AFTER_FAILURE_MS = 1_000;
const MAX_KEYS = 20;
const MAX_KID_LENGTH = 200;
const MIN_RSA_BYTES = 256;
/** A larger key would make each check of a token expensive. */
const MAX_RSA_BYTES = 1024;
/** The length of the exponent's base64url: 32 bits. */
const MAX_EXPONENT_LENGTH = 6;

export interface IssuerKeysOptions {
  /** The issuer's JSON Web Key Set. Throws IssuerUnavailable. */
  fetch: () => Promise<unknown>;
  nowMs: () => number;
}

/** The keys by which an issuer signs, by their ids. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys = new Map<string, { algorithm: SigningAlgorithm; key: CryptoKey }>();
  #fetchedAtMs = -Infinity;
  #askedAtMs = -Infinity;
  #failedAtMs = -Infinity;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Null: the issuer has no such key. Throws IssuerUnavailable if that is not known. */
  async key(kid: string, algorithm: SigningAlgorithm): Promise<CryptoKey | null> {
    const nowMs = this.#options.nowMs();
    const isMissing = !this.#keys.has(kid);
    const isOld = nowMs - this.#fetchedAtMs >= FRESH_MS;
    // Simultaneous first requests each ask for themselves, because on Workers none may wait for another one's call.
    const mayAsk =
      this.#keys.size === 0
        ? nowMs - this.#failedAtMs >= AFTER_FAILURE_MS
        : nowMs - this.#askedAtMs >= ASK_AGAIN_MS;
    if ((isMissing || isOld) && mayAsk) {
      this.#askedAtMs = nowMs;
      try {
        this.#keys = await importedKeys(await this.#options.fetch());
        this.#fetchedAtMs = nowMs;
      } catch (thrown) {
        this.#failedAtMs = nowMs;
        if (!(thrown instanceof IssuerUnavailable)) throw thrown;
      }
    }
    if (this.#keys.size === 0 || nowMs - this.#fetchedAtMs >= STALE_MS)
      throw new IssuerUnavailable("The issuer's keys are not known.");
    const known = this.#keys.get(kid);
    return known?.algorithm === algorithm ? known.key : null;
  }
}

/** The keys by their ids, without weak ones and other kinds. Throws IssuerUnavailable if the text is not a JSON Web Key Set. */
export async function importedKeys(document: unknown): Promise<IssuerKeysMap> {
  const keys: unknown = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new IssuerUnavailable("The answer has no keys.");
  const imported: IssuerKeysMap = new Map();
  for (const jwk of keys.slice(0, MAX_KEYS) as Record<string, unknown>[]) {
    const kid = jwk?.["kid"];
    if (typeof kid !== "string" || kid.length > MAX_KID_LENGTH || jwk["use"] === "enc") continue;
    const usable = await importedKey(jwk);
    if (usable !== null) imported.set(kid, usable);
  }
  return imported;
}

export type IssuerKeysMap = Map<string, { algorithm: SigningAlgorithm; key: CryptoKey }>;

/** The key; null if it is weak or of another kind. */
async function importedKey({ kty, crv, n, e, x, y }: Record<string, unknown>) {
  try {
    if (kty === "RSA" && typeof n === "string" && typeof e === "string") {
      const sizeBytes = decodeBase64url(n)?.byteLength ?? 0;
      if (sizeBytes < MIN_RSA_BYTES || sizeBytes > MAX_RSA_BYTES || e.length > MAX_EXPONENT_LENGTH)
        return null;
      const format = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("jwk", { kty, n, e }, format, false, ["verify"]);
      return { algorithm: "RS256" as const, key };
    }
    if (kty === "EC" && crv === "P-256" && typeof x === "string" && typeof y === "string") {
      const format = { name: "ECDSA", namedCurve: crv };
      const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, format, false, ["verify"]);
      return { algorithm: "ES256" as const, key };
    }
  } catch {
    // It is not a valid key.
  }
  return null;
}
