const PERCENTAGE = /^(\d{1,3}(?:\.\d{1,4})?)%$/;

/** `all`, `off` or a share such as `5%`, as a number from 0 to 1; null for anything else. */
export function parseAccessLogShare(text: string): number | null {
  if (text === "all") return 1;
  if (text === "off") return 0;
  const percent = Number(PERCENTAGE.exec(text)?.[1] ?? Number.NaN);
  return percent <= 100 ? percent / 100 : null;
}
