import { crc32Hex } from "../../shared/tokens/crc32.ts";
import { encodeBase64url } from "../../shared/tokens/base64url.ts";
import { withChecksum } from "../../shared/tokens/token.ts";
import { sha256Hex } from "./digest.ts";

/**
 * `api` opens the admin API, `gateway` sends requests through a tunnel as one project and environment, `session` is in
 * the cookie of a browser that is signed in.
 */
export type AccessKeyKind = "api" | "gateway" | "session";

/** A key as the relay knows it. The secret itself is shown once and not kept. */
export interface KeyProof {
  kid: string;
  digestHex: string;
}

const KEY = /^(culvert_(api|gateway|session)_([a-z2-7]{12})_([A-Za-z0-9_-]{43}))_([0-9a-f]{8})$/;

/** `culvert_api_KID_SECRET_CRC32` */
export function formatAccessKey(kind: AccessKeyKind, kid: string, secret: Uint8Array): string {
  return withChecksum(`culvert_${kind}_${kid.slice(2)}_${encodeBase64url(secret)}`);
}

/** What to look up for a presented key. Null: its form or checksum is wrong, so no look-up is needed. */
export async function accessKeyProof(kind: AccessKeyKind, text: string): Promise<KeyProof | null> {
  const [, body, writtenKind, kidText, secretText, checksum] = KEY.exec(text) ?? [];
  if (body === undefined || secretText === undefined || writtenKind !== kind) return null;
  if (crc32Hex(body) !== checksum) return null;
  return { kid: `k_${kidText}`, digestHex: await secretTextDigest(secretText) };
}

export function accessKeyDigest(secret: Uint8Array): Promise<string> {
  return secretTextDigest(encodeBase64url(secret));
}

function secretTextDigest(secretText: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(secretText));
}
