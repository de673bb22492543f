import { equalDigests, sha256Hex } from "./digest.ts";

/** 32 characters of base64 are 192 bits. A password that a person made up has a few dozen, and can be found by trying. */
export const MIN_ADMIN_KEY_LENGTH = 32;

const SET_IT =
  "Set one: openssl rand -base64 32 | npx wrangler secret put ADMIN_KEY; for `npm run dev`, ADMIN_KEY in .dev.vars";

/** Why this `ADMIN_KEY` is not accepted; null if it can be used. Reveals nothing of its value. */
export function adminKeyProblem(adminKey: string | undefined): string | null {
  if (adminKey === undefined || adminKey === "")
    return `This relay has no ADMIN_KEY, so only API keys open it. ${SET_IT}`;
  if (adminKey.length >= MIN_ADMIN_KEY_LENGTH) return null;
  return `This relay's ADMIN_KEY is shorter than ${MIN_ADMIN_KEY_LENGTH} characters and is not accepted. ${SET_IT}`;
}

export async function isAdminKey(credential: string, adminKey: string | undefined): Promise<boolean> {
  const encoder = new TextEncoder();
  const [presented, expected] = await Promise.all([
    sha256Hex(encoder.encode(credential)),
    sha256Hex(encoder.encode(adminKey ?? "")),
  ]);
  return equalDigests(presented, expected) && adminKeyProblem(adminKey) === null;
}
