import { setFlagsFromString } from "node:v8";

/**
 * Keeps the process small and its garbage collections cheap. Imported first, because the flags only work while the heap is
 * still small. A connector's objects live for one request. Buffers are outside the heap and are freed when it is collected.
 * A young generation that stays at its first size is collected often, in a third of a millisecond each time. If it grew, it
 * would fill so slowly during a transfer that the buffers alone made V8 collect the whole heap, twenty times a second.
 */
setFlagsFromString("--semi-space-growth-factor=1");
/** The whole heap is a few MB. It may grow to three times its size, buffers included, before all of it is collected. */
setFlagsFromString("--heap-growing-percent=200");
