import { sha256Hex } from "../digest.ts";
import { askIssuer } from "../jwt/ask-issuer.ts";
import type { JwtClaims } from "../jwt/verify-jwt.ts";

/** The longest time that a person's rights last after leaving a group, or after Access signed the person out. */
const KNOWN_MS = 60_000;
const MAX_KNOWN = 1_000;
const MAX_GROUPS = 2_000;

/**
 * The groups of a token's owner. The token itself contains them only if the application is configured to add them. Otherwise the issuer
 * is asked, as its documentation says, with the token as a cookie.
 */
export class IdentityGroups {
  readonly #nowMs: () => number;
  readonly #known = new Map<string, { groups: ReadonlySet<string>; untilMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Throws IssuerUnavailable. */
  async of(token: string, claims: JwtClaims, issuer: string): Promise<ReadonlySet<string>> {
    const own = namesIn([claims["groups"], (claims["custom"] as { groups?: unknown } | undefined)?.groups]);
    if (own.size > 0) return own;
    const key = await sha256Hex(new TextEncoder().encode(token));
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.groups;
    const identity = (await askIssuer(`${issuer}/cdn-cgi/access/get-identity`, {
      cookie: `CF_Authorization=${token}`,
    })) as { email?: unknown; groups?: unknown; custom?: { groups?: unknown } } | null;
    const isSame = identity !== null && identity.email === claims["email"];
    const groups = isSame ? namesIn([identity.groups, identity.custom?.groups]) : new Set<string>();
    this.#known.delete(key);
    this.#known.set(key, { groups, untilMs: this.#nowMs() + KNOWN_MS });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return groups;
  }
}

/** Identity providers list names, or objects with a name, an id, an address. */
function namesIn(lists: readonly unknown[]): Set<string> {
  const names = new Set<string>();
  for (const group of lists
    .filter((list) => Array.isArray(list))
    .flat()
    .slice(0, MAX_GROUPS) as unknown[]) {
    const parts =
      typeof group === "object" && group !== null
        ? ["name", "id", "email"].map((part) => (group as Record<string, unknown>)[part])
        : [group];
    for (const part of parts) if (typeof part === "string" && part !== "*") names.add(part);
  }
  return names;
}
