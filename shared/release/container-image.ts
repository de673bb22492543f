import { VERSION } from "./version.ts";

/**
 * The container image in printed command lines. No registry has it: `docker build -t NAME .` makes it from this repository, and it
 * may be pushed under another name.
 */
export const CONTAINER_IMAGE = `culvert:${VERSION}`;
