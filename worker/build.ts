import { BUILD_ID } from "../shared/release/build-id.ts";
import type { Env } from "./env.ts";

/**
 * Which code this is. On Cloudflare's platform the id of the deployed version: by that it decides which objects it resets,
 * and a change of a secret alone is a version too. Elsewhere the bundle's own.
 */
export function buildOf({ VERSION_METADATA }: Pick<Env, "VERSION_METADATA">): string {
  return VERSION_METADATA?.id ?? BUILD_ID;
}
