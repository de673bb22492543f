import { buildKit } from "../scripts/build-kit.ts";
import { setup as bundleOnce } from "./bundle-once.ts";

const BUILT = "culvert.test.built";

/** What the end-to-end tests run is what `npm run build` makes. Two projects want it; each has its own copy of this module. */
export function setup(): Promise<void> {
  const shared = globalThis as { [BUILT]?: Promise<void> };
  return (shared[BUILT] ??= build());
}

async function build(): Promise<void> {
  await Promise.all([bundleOnce(), buildKit()]);
}
