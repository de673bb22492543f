import { VERSION } from "./version.ts";

/**
 * The container image that is named wherever a command line is printed. No registry has it: it is what
 * `docker build -t NAME .` makes from this repository, and may be pushed under another name.
 */
export const CONTAINER_IMAGE = `culvert:${VERSION}`;
