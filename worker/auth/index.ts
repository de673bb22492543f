/*
 * Who is calling: tokens of connectors, keys of gateways and of the admin API, cookies of browsers; and what slows down guessing.
 *
 * Of each secret only a digest is kept, and digests are compared. A secret's form and checksum are looked at first, which costs no
 * look-up. Whoever has the right secret is never locked out: only failures are counted. Ids are random and never given out twice, so
 * an isolate may remember what it has learnt of one.
 *
 * Begin with `access-key.ts` and `verify-token.ts`, then `registry-knowledge.ts`; `cloudflare-access/` is another way to sign in.
 * docs/security.md#secrets; decisions 0019, 0030 and 0049.
 */
export {
  accessKeyDigest,
  accessKeyProof,
  formatAccessKey,
  type AccessKeyKind,
  type KeyProof,
} from "./access-key.ts";
export { adminKeyProblem, isAdminKey } from "./admin-key.ts";
export { addressBlock, clientAddress } from "./client-address.ts";
export { DUMMY_DIGEST_HEX, equalDigests, sha256Hex } from "./digest.ts";
export { FailureLimiter } from "./failure-limiter.ts";
export {
  isTunnelId,
  newAlertId,
  newCaptureId,
  newDestinationId,
  newIdentityId,
  newKid,
  newObjectName,
  newSecret,
  newTunnelId,
} from "./random-id.ts";
export {
  MAX_SUBJECTS_PER_LOOK_UP,
  RegistryKnowledge,
  type RegistryAnswer,
  type Subject,
} from "./registry-knowledge.ts";
export {
  endedSessionCookie,
  sessionCookie,
  sessionOf,
  setsSession,
  withoutAccess,
  withoutSession,
} from "./session-cookie.ts";
export { tokenIsLive, verifyGatewayKey, verifyToken, type ConnectClaim } from "./verify-token.ts";
