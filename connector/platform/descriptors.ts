import { closeSync, openSync } from "node:fs";

/** Kept for what must work when all other descriptors are in use: health checks, the relay's connection, settings. */
const RESERVE = 16;
/** Free descriptors beyond the reserve, so that files opened at the same time fit as well. */
const MARGIN = 2;
/** The shortest time between two warnings, because connections at the limit would fill the log. */
const TOLD_EVERY_MS = 60_000;

/** Errors for which this host is to blame, and neither the upstream nor the network. */
const OWN_WANTS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Module state, because the table of descriptors belongs to the process. Null: nothing is kept. */
let reserve: { held: number[]; nowMs: () => number; onShort: () => void; toldAtMs: number } | null = null;

/**
 * Keeps some of this process's file descriptors back from now on, for everything but connections to upstreams.
 * `onShort` is called when the others are used up, at most once a minute.
 */
export function keepDescriptors(nowMs: () => number, onShort: () => void): void {
  // Windows has no such limit.
  if (process.platform === "win32" || reserve !== null) return;
  const held = opened(RESERVE);
  if (held !== null) reserve = { held, nowMs, onShort, toldAtMs: Number.NEGATIVE_INFINITY };
}

/**
 * Call it before a connection to an upstream is begun. There must be free descriptors beside the reserve. If there are none, the reserve is
 * released for everything else, and upstreams get none until the reserve can be taken back.
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

/** Whether an error with this code is caused by this host. */
export function isOwnWant(code: string): boolean {
  if (!OWN_WANTS.has(code)) return false;
  giveUpReserve();
  return true;
}

/** Whether no descriptors are left. For failures that do not say why, such as those of DNS. */
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

/** Opens so many descriptors; null if there are not enough. */
function opened(count: number): number[] | null {
  const descriptors: number[] = [];
  try {
    while (descriptors.length < count) descriptors.push(openSync("/dev/null", "r"));
    return descriptors;
  } catch (error) {
    for (const descriptor of descriptors) closeSync(descriptor);
    // Without this file, nothing is known about the limit.
    return OWN_WANTS.has((error as NodeJS.ErrnoException).code ?? "") ? null : [];
  }
}
