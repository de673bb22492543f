/** 64 lower-case hex digits. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** No secret has this digest. It is compared if a key id is unknown, so that an unknown id takes as long as a known one. */
export const DUMMY_DIGEST_HEX = "0".repeat(64);

/** Takes the same time wherever two digests differ. Both are SHA-256 in hex, so their length is not secret. */
export function equalDigests(leftHex: string, rightHex: string): boolean {
  if (leftHex.length !== 64 || rightHex.length !== 64) return false;
  let difference = 0;
  for (let index = 0; index < 64; index++) {
    difference |= leftHex.charCodeAt(index) ^ rightHex.charCodeAt(index);
  }
  return difference === 0;
}
