/**
 * A `traceparent` that may go on (W3C Trace Context §3.2.2 and §4.3), its trace's id in the first group. Later versions
 * may add fields after the flags, version 00 has none.
 */
export const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|(?<!^00-.{52})-)/;
