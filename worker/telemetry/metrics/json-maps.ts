/** JSON with maps in it, which are written as `{"$map": [[key, value], …]}`: names of services come from outside, and are no keys of objects. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? { $map: [...inner] } : inner));
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, inner: unknown) => (isWrittenMap(inner) ? new Map(inner.$map) : inner));
}

function isWrittenMap(value: unknown): value is { $map: [unknown, unknown][] } {
  return typeof value === "object" && value !== null && "$map" in value;
}
