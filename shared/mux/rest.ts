/**
 * A connection is at rest when all its streams are WebSockets on which nothing is under way: then these few numbers
 * are all there is to it, and it goes on from them where its memory was lost. Offsets in bytes.
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
  /** The numbers of streams are those of an epoch. */
  epoch: number;
  id: number;
  sentBytes: number;
  sendLimitBytes: number;
  consumedBytes: number;
  grantedBytes: number;
}
