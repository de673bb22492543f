import { type Address, literalAddress } from "./address.ts";

/** By name in lower case. */
export type Hosts = ReadonlyMap<string, readonly Address[]>;

/** Reads hosts(5). A name on several lines has the addresses of all of them. Invalid lines are skipped. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [first = "", ...names] = line.replace(/#.*/s, "").trim().split(/\s+/);
    const address = literalAddress(first);
    if (address === null) continue;
    for (const name of names) {
      const key = name.toLowerCase().replace(/\.$/, "");
      const known = hosts.get(key);
      if (known === undefined) hosts.set(key, [address]);
      else if (!known.some((other) => other.address === address.address)) known.push(address);
    }
  }
  return hosts;
}
