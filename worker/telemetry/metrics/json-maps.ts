/** JSON with maps, written as `{"$map": [[key, value], …]}`, because names from outside must not become keys of objects. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? { $map: [...inner] } : inner));
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, inner: unknown) => (isWrittenMap(inner) ? new Map(inner.$map) : inner));
}

function isWrittenMap(value: unknown): value is { $map: [unknown, unknown][] } {
  return typeof value === "object" && value !== null && "$map" in value;
}
