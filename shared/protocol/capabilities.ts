import { LARGE_DATA_BYTES, MAX_DATA_BYTES, SMALL_DATA_BYTES } from "./limits.ts";

/**
 * What an end accepts beyond the first form of this protocol, as bits of HELLO and WELCOME: docs/protocol.md,
 * "Capabilities". Bits are never used twice. A sender uses what it knows itself and its peer has announced.
 */
export const CAPABILITY = {
  /** Paths of 18 KiB, heads of 128 KiB. Else 8 KiB and 48 KiB. */
  LONG_HEADS: 1 << 0,
  /** A WSCLOSE without a code. Otherwise 1000 replaces it. */
  EMPTY_WSCLOSE: 1 << 1,
  /** `stallTimeoutMs` in HELLO and OPEN. Otherwise a stream's window may stay closed for 60 s. */
  STALL_LIMIT: 1 << 2,
  /** Streams of kind tcp, with their facts. */
  TCP: 1 << 3,
  /** DATA and WSMSG of 64 KiB. Else 32 KiB. */
  LARGE_DATA: 1 << 4,
  /** The fact `upstreamMs` in HEAD. Else it is left out. */
  UPSTREAM_MS: 1 << 5,
  /** PINGs that ask what has arrived, 200 a second. Else 10 PINGs of any kind. */
  QUESTIONS: 1 << 6,
  /** DATA of 256 KiB. Else 64 KiB. */
  BULK_DATA: 1 << 7,
} as const;

export type Capability = keyof typeof CAPABILITY;

/** What this version announces, at both ends. */
export const OWN_CAPABILITIES: number =
  CAPABILITY.LONG_HEADS |
  CAPABILITY.EMPTY_WSCLOSE |
  CAPABILITY.STALL_LIMIT |
  CAPABILITY.TCP |
  CAPABILITY.LARGE_DATA |
  CAPABILITY.UPSTREAM_MS |
  CAPABILITY.QUESTIONS |
  CAPABILITY.BULK_DATA;

/** The connection windows by which older builds, which announced nothing, are told apart. */
const SECOND_WINDOW_BYTES = 16 * 1024 * 1024;
const THIRD_WINDOW_BYTES = 32 * 1024 * 1024;

/** What may be used toward a peer, by its HELLO or WELCOME. */
export function usableCapabilities(peer: { capabilities: number; connectionWindowBytes: number }): number {
  if (peer.capabilities !== 0) return peer.capabilities & OWN_CAPABILITIES;
  let shown = 0;
  // The change that brought the fact made the window larger; frames grew before it did again.
  if (peer.connectionWindowBytes >= SECOND_WINDOW_BYTES) shown |= CAPABILITY.UPSTREAM_MS;
  if (peer.connectionWindowBytes >= THIRD_WINDOW_BYTES) shown |= CAPABILITY.LARGE_DATA;
  return shown;
}

/** The largest payload of DATA that such a peer takes. */
export function maxDataBytes(capabilities: number): number {
  if (has(capabilities, "BULK_DATA")) return MAX_DATA_BYTES;
  return has(capabilities, "LARGE_DATA") ? LARGE_DATA_BYTES : SMALL_DATA_BYTES;
}

export function has(capabilities: number, capability: Capability): boolean {
  return (capabilities & CAPABILITY[capability]) !== 0;
}
