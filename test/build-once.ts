import { buildKit } from "../scripts/build-kit.ts";
import { bundleCulvert, bundleRelay } from "../scripts/bundle.ts";

/** What the end-to-end tests run is what `npm run build` makes. */
export async function setup(): Promise<void> {
  await Promise.all([bundleRelay(), bundleCulvert(), buildKit()]);
}
