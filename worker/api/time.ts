/** ISO 8601 in UTC, as every time in the API. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
