const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** RFC 4648 §5, without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    pendingBits += 8;
    while (pendingBits >= 6) {
      pendingBits -= 6;
      text += ALPHABET.charAt((pending >> pendingBits) & 63);
    }
    pending &= (1 << pendingBits) - 1;
  }
  return pendingBits === 0 ? text : text + ALPHABET.charAt((pending << (6 - pendingBits)) & 63);
}

/** Null for anything that `encodeBase64url` would not have written, so each value has one spelling. */
export function decodeBase64url(text: string): Uint8Array | null {
  const spareBits = (text.length * 6) % 8;
  if (spareBits === 6) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let written = 0;
  let pending = 0;
  let pendingBits = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value === -1) return null;
    pending = (pending << 6) | value;
    pendingBits += 6;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[written++] = pending >> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
  }
  return pending === 0 ? bytes : null;
}
