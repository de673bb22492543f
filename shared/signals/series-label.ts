/** Neither a service nor a host can have this name. */
export const OTHER_SERIES = "(other)";

/** The names that have a label of their own: keys of a map, or a set. */
type Known = Pick<ReadonlyMap<string, unknown>, "has" | "size" | "keys">;

/** Everything beyond `max` labels is counted under one label. */
export function cappedLabel(label: string, known: Known, max: number): string {
  return known.has(label) || known.size < max ? label : OTHER_SERIES;
}

/**
 * A label for a service or a host: up to `max` services, and half as many hosts. The two limits are separate, because a wildcard
 * rule matches any host that a caller makes up, and these must not use up the services' labels.
 */
export function cappedService(name: string, known: Known, max: number): string {
  if (known.has(name)) return name;
  const { hosts, services } = counts(known);
  const hasRoom = isHost(name) ? hosts < max / 2 : services < max;
  return hasRoom ? name : OTHER_SERIES;
}

/** A wildcard's hosts have a dot. A service's name has neither a dot nor a colon. */
export function isHost(name: string): boolean {
  return /[.:]/.test(name);
}

/** Names in parentheses stand for many, so they do not count. */
function counts(known: Known): { hosts: number; services: number } {
  const counted = { hosts: 0, services: 0 };
  for (const name of known.keys()) {
    if (isHost(name)) counted.hosts++;
    else if (!name.startsWith("(")) counted.services++;
  }
  return counted;
}
