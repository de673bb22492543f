import { createHmac, timingSafeEqual } from "node:crypto";

/** The header of a request for what only the owner of the token may read. */
export const PROOF_HEADER = "culvert-owner-proof";
/** Both are on one machine. */
const VALID_MS = 60_000;

/** Proves knowledge of the token to a connector that also knows it, and reveals nothing to any other program that may listen there. */
export function ownerProof(tokenText: string, nowMs: number): string {
  return `${nowMs}.${digest(tokenText, String(nowMs)).toString("base64url")}`;
}

export function isOwnerProof(proof: string | undefined, tokenText: string, nowMs: number): boolean {
  const [, atMs = "", shown = ""] = /^(\d{1,15})\.([\w-]{43})$/.exec(proof ?? "") ?? [];
  if (shown === "" || Math.abs(nowMs - Number(atMs)) > VALID_MS) return false;
  return timingSafeEqual(Buffer.from(shown, "base64url"), digest(tokenText, atMs));
}

function digest(tokenText: string, atMs: string): Buffer {
  return createHmac("sha256", tokenText).update(`GET /logs ${atMs}`).digest();
}
