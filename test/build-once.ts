import { buildKit } from "../scripts/build-kit.ts";
import { setup as bundleOnce } from "./bundle-once.ts";
import { once } from "./once.ts";

export { teardown } from "./bundle-once.ts";

/** What the end-to-end tests run is what `npm run build` makes. */
export const setup = once("built", () => Promise.all([bundleOnce(), buildKit()]));
