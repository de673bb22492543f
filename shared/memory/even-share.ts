/**
 * The max-min fair share of `totalBytes`: those who want less than the share get what they want, and all others get the share
 * itself. Infinity: there is enough for all.
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
