import { closeSync, openSync } from "node:fs";

/** Kept for what must work when all others are taken: answers about health, the relay's connection, settings. */
const RESERVE = 16;
/** Beyond the reserve, so that what is opened at the same time fits as well. */
const MARGIN = 2;
/** Whoever opens and closes connections at the limit would fill the log. */
const TOLD_EVERY_MS = 60_000;

/** A socket could not be had, and neither the upstream nor the network is to blame. */
const OWN_WANTS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Module state, because the table of descriptors is the process's. Null: nothing is kept. */
let reserve: { held: number[]; nowMs: () => number; onShort: () => void; toldAtMs: number } | null = null;

/**
 * Keeps some of this process's file descriptors back from now on, for everything but connections to upstreams.
 * `onShort` hears that the others are used up, at most once a minute.
 */
export function keepDescriptors(nowMs: () => number, onShort: () => void): void {
  // Windows has no such limit.
  if (process.platform === "win32" || reserve !== null) return;
  const held = opened(RESERVE);
  if (held !== null) reserve = { held, nowMs, onShort, toldAtMs: Number.NEGATIVE_INFINITY };
}

/**
 * To be asked before a connection to an upstream is begun. While the reserve is held, there must be room beside it; when
 * there is none, the reserve is given up to who needs it, and upstreams get nothing until it can be taken back.
 */
export function mayOpenSocket(): boolean {
  if (reserve === null) return true;
  const isHeld = reserve.held.length > 0;
  const spare = opened(isHeld ? MARGIN : RESERVE + MARGIN);
  if (spare === null) {
    giveUpReserve();
    return false;
  }
  if (!isHeld) reserve.held = spare.splice(0, RESERVE);
  for (const descriptor of spare) closeSync(descriptor);
  return true;
}

/** To be asked with the code of what failed. */
export function isOwnWant(code: string): boolean {
  if (!OWN_WANTS.has(code)) return false;
  giveUpReserve();
  return true;
}

/** Are there none left? For failures that do not say why, such as those of DNS. */
export function outOfDescriptors(): boolean {
  const one = opened(1);
  if (one === null) return true;
  for (const descriptor of one) closeSync(descriptor);
  return false;
}

function giveUpReserve(): void {
  if (reserve === null || reserve.held.length === 0) return;
  for (const descriptor of reserve.held.splice(0)) closeSync(descriptor);
  const atMs = reserve.nowMs();
  if (atMs - reserve.toldAtMs < TOLD_EVERY_MS) return;
  reserve.toldAtMs = atMs;
  reserve.onShort();
}

/** So many new descriptors; null where there are not so many. */
function opened(count: number): number[] | null {
  const descriptors: number[] = [];
  try {
    while (descriptors.length < count) descriptors.push(openSync("/dev/null", "r"));
    return descriptors;
  } catch (error) {
    for (const descriptor of descriptors) closeSync(descriptor);
    // Where there is no such file, nothing is known of the limit.
    return OWN_WANTS.has((error as NodeJS.ErrnoException).code ?? "") ? null : [];
  }
}
