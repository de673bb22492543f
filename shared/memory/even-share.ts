/**
 * How much each may have, so that all together have no more than `totalBytes`, nobody has more than somebody who wants
 * more than he has, and nothing is left over that anybody wants (max-min fairness). Infinity: there is enough for all.
 */
export function evenShare(wantedBytes: readonly number[], totalBytes: number): number {
  const ascending = wantedBytes.toSorted((a, b) => a - b);
  let leftBytes = totalBytes;
  for (const [index, bytes] of ascending.entries()) {
    const share = Math.max(0, leftBytes) / (ascending.length - index);
    if (bytes > share) return share;
    leftBytes -= bytes;
  }
  return Infinity;
}
