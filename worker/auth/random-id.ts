const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Without a jurisdiction the form is the old one, because older connectors accept no other ids. */
const TUNNEL_ID = /^tnl_(?:(?:eu|us|fedramp)_)?[a-z2-7]{20}$/;

export function isTunnelId(text: string): boolean {
  return TUNNEL_ID.test(text);
}

export function newTunnelId(jurisdiction?: string): string {
  return `tnl_${jurisdiction === undefined ? "" : `${jurisdiction}_`}${randomBase32(20)}`;
}

/** The name of a further object of this tunnel. */
export function newObjectName(tunnelId: string): string {
  return `${tunnelId}.${randomBase32(6)}`;
}

/** The id of a token or a key. It is not secret. */
export function newKid(): string {
  return `k_${randomBase32(12)}`;
}

/** The id of an identity that a tunnel trusts, used in place of a token's id. */
export function newIdentityId(): string {
  return `wid_${randomBase32(12)}`;
}

export function newDestinationId(): string {
  return `dst_${randomBase32(12)}`;
}

export function newAlertId(): string {
  return `alr_${randomBase32(12)}`;
}

export function newCaptureId(): string {
  return `cap_${randomBase32(12)}`;
}

export function newSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

function randomBase32(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => BASE32.charAt(byte & 31)).join(
    "",
  );
}
