/**
 * A connection is at rest when all its streams are WebSockets on which nothing is under way. Then these few numbers are its whole
 * state, and it can continue from them after a loss of memory. Offsets are in bytes.
 */
export interface ConnectionRest {
  nextId: number;
  openedCount: number;
  streamsLimit: number;
  sentBytes: number;
  sendLimitBytes: number;
  receivedBytes: number;
  grantedBytes: number;
}

export function isSameRest(a: ConnectionRest | null, b: ConnectionRest | null): boolean {
  if (a === null || b === null) return a === b;
  return (Object.keys(a) as (keyof ConnectionRest)[]).every((name) => a[name] === b[name]);
}

export interface StreamRest {
  /** The epoch to which the stream ids belong. */
  epoch: number;
  id: number;
  sentBytes: number;
  sendLimitBytes: number;
  consumedBytes: number;
  grantedBytes: number;
}
