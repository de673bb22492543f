/** No service and no host is written so. */
export const OTHER_SERIES = "(other)";

/** The names that have a label of their own: keys of a map, or a set. */
type Known = Pick<ReadonlyMap<string, unknown>, "has" | "size" | "keys">;

/** What is not counted apart is counted as one. */
export function cappedLabel(label: string, known: Known, max: number): string {
  return known.has(label) || known.size < max ? label : OTHER_SERIES;
}

/**
 * A label for a service or a host: up to `max` services, and half as many hosts. They have room of their own, since a
 * wildcard rule matches whatever hosts a caller makes up, and services must not go without.
 */
export function cappedService(name: string, known: Known, max: number): string {
  if (known.has(name)) return name;
  const { hosts, services } = counts(known);
  const hasRoom = isHost(name) ? hosts < max / 2 : services < max;
  return hasRoom ? name : OTHER_SERIES;
}

/** The hosts of a wildcard have a dot at least; a service's name has none, and no colon. */
export function isHost(name: string): boolean {
  return /[.:]/.test(name);
}

/** Names in parentheses stand for many, and take nobody's room. */
function counts(known: Known): { hosts: number; services: number } {
  const counted = { hosts: 0, services: 0 };
  for (const name of known.keys()) {
    if (isHost(name)) counted.hosts++;
    else if (!name.startsWith("(")) counted.services++;
  }
  return counted;
}
