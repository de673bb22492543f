import { setFlagsFromString } from "node:v8";

/**
 * Keeps the process small. V8 lets garbage grow with the load: a young generation of up to 48 MB, and an old one that
 * is collected only when it has about doubled. What a connector allocates lives for one request, so collecting earlier
 * finds little to keep. Both may be changed while V8 runs.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--max-semi-space-size=4");
  setFlagsFromString("--heap-growing-percent=30");
}
