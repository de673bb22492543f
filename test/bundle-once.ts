import { bundleCulvert, bundleRelay } from "../scripts/bundle.ts";
import { once } from "./once.ts";
import { makeOnce, removeMade } from "./support/made-once.ts";

/** The programs that tests start: as bundles they are there in a third of the CPU time that their sources take. */
export const setup = once("bundled", async () => {
  await Promise.all([bundleRelay(), bundleCulvert()]);
  await makeOnce();
});

export const teardown = removeMade;
