import { setFlagsFromString } from "node:v8";

/**
 * Keeps the process small and its collections cheap; imported before all else, while the heap is still small. What a
 * connector allocates lives for one request. Buffers lie outside the heap and are let go when it is collected: a young
 * generation that stays at its first size is collected often, for a third of a millisecond each time. Left to grow, it
 * fills so slowly in a transfer that buffers alone make V8 collect the whole heap instead, twenty times a second.
 */
setFlagsFromString("--semi-space-growth-factor=1");
/** The whole heap is a few MB: it may treble, buffers included, before all of it is collected. */
setFlagsFromString("--heap-growing-percent=200");
