import { isIP } from "node:net";

export interface Address {
  address: string;
  family: 4 | 6;
}

/** The address, or null if the text is a name. */
export function literalAddress(text: string): Address | null {
  const family = isIP(text);
  return family === 4 || family === 6 ? { address: text, family } : null;
}
