import * as z from "zod";
import { receiverUrlSchema } from "../../../shared/events/log-destination.ts";
import type { Problem } from "../../../shared/problems.ts";
import { askIssuer, IssuerUnavailable } from "../jwt/ask-issuer.ts";
import { importedKeys, type IssuerKeysMap } from "../jwt/issuer-keys.ts";

/** As JSON, with its keys. */
export const MAX_IDENTITY_BYTES = 32 * 1024;
const MAX_SUBJECTS = 10;
const MAX_KEYS = 20;

const exactText = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/, "must be 1 to 512 printable characters")
  .refine((text) => !text.includes("*"), "is compared literally: wildcards are not supported");

const keySetSchema = z.looseObject({
  keys: z
    .array(
      z
        .record(z.string(), z.unknown())
        .refine(
          (key) => PRIVATE_PARTS.every((part) => !(part in key)),
          "is a private key: give the public key",
        ),
    )
    .min(1)
    .max(MAX_KEYS),
});

/** Members of a JSON Web Key that no public one has (RFC 7518 §6). */
const PRIVATE_PARTS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
/** The stored members of a key. */
const PUBLIC_PARTS = ["kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"] as const;

const keysShape = {
  jwks: keySetSchema
    .optional()
    .describe("The issuer's public keys (RFC 7517), such as a cluster shows them at /openid/v1/jwks"),
  jwksUrl: receiverUrlSchema.optional().describe("Where the relay fetches them instead"),
};

/** Where an issuer's keys come from. */
export const identityKeysSchema = z.strictObject(keysShape);

/** An identity as an admin describes it. */
export const identitySchema = z.strictObject({
  issuer: exactText.describe("`iss` of its tokens"),
  audience: exactText
    .optional()
    .describe("`aud` of its tokens, the only one. Absent: the tunnel's address in this API"),
  subjects: z
    .array(exactText)
    .min(1)
    .max(MAX_SUBJECTS)
    .describe("`sub` of its tokens, such as system:serviceaccount:NAMESPACE:NAME"),
  ...keysShape,
});

type PublicKey = { kid: string } & { [part in (typeof PUBLIC_PARTS)[number]]?: string };

export type IssuerKeySource =
  | { jwks: { keys: PublicKey[] }; jwksUrl: null }
  | { jwks: null; jwksUrl: string };

/** A workload that a tunnel trusts because its issuer vouches for it. Its connectors need no token of the tunnel. */
export interface WorkloadIdentity {
  issuer: string;
  audience: string;
  subjects: string[];
  keySource: IssuerKeySource;
}

/** The keys to store, or the problems with them. Keys at a URL are fetched once, to check that they are there. */
export async function keySourceOf({
  jwks,
  jwksUrl,
}: z.infer<typeof identityKeysSchema>): Promise<{ keySource: IssuerKeySource } | { problems: Problem[] }> {
  if ((jwks === undefined) === (jwksUrl === undefined))
    return { problems: [{ path: "", message: "must have either jwks or jwksUrl" }] };
  const path = jwksUrl === undefined ? "jwks" : "jwksUrl";
  const usable = await usableKeys(jwksUrl === undefined ? jwks : jwksUrl);
  if (usable === null) return { problems: [{ path, message: "could not be fetched as a JSON Web Key Set" }] };
  if (usable.size === 0)
    return {
      problems: [{ path, message: "contains no RSA key of 2,048 bits or more and no P-256 key with a kid" }],
    };
  if (jwksUrl !== undefined) return { keySource: { jwks: null, jwksUrl } };
  const keys = (jwks?.keys ?? []).flatMap(publicKey).filter(({ kid }) => usable.has(kid));
  if (usable.size < keys.length)
    return { problems: [{ path, message: "contains two keys with the same kid" }] };
  return { keySource: { jwks: { keys }, jwksUrl: null } };
}

async function usableKeys(source: unknown): Promise<IssuerKeysMap | null> {
  try {
    return await importedKeys(typeof source === "string" ? await askIssuer(source) : source);
  } catch (thrown) {
    if (thrown instanceof IssuerUnavailable) return null;
    throw thrown;
  }
}

function publicKey(key: Record<string, unknown>): PublicKey[] {
  const { kid } = key;
  if (typeof kid !== "string") return [];
  const parts = PUBLIC_PARTS.flatMap((part) => (typeof key[part] === "string" ? [[part, key[part]]] : []));
  return [{ ...(Object.fromEntries(parts) as Omit<PublicKey, "kid">), kid }];
}
