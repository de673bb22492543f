import { bundleCulvert, bundleRelay } from "../scripts/bundle.ts";
import { once } from "./once.ts";

/** The programs that tests start: as bundles they are there in a third of the CPU time that their sources take. */
export const setup = once("bundled", () => Promise.all([bundleRelay(), bundleCulvert()]));
