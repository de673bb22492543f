import { BUILD_ID } from "../shared/release/build-id.ts";
import type { Env } from "./env.ts";

/**
 * Identifies this code. On Cloudflare it is the id of the deployed version, by which the platform decides which objects to reset; a
 * change of a secret is a new version too. Elsewhere it is the bundle's build id.
 */
export function buildOf({ VERSION_METADATA }: Pick<Env, "VERSION_METADATA">): string {
  return VERSION_METADATA?.id ?? BUILD_ID;
}
