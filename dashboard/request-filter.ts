/** What the search for requests takes, as the API's query names it. */
export const REQUEST_FILTERS = [
  "id",
  "traceId",
  "service",
  "caller",
  "status",
  "code",
  "method",
  "path",
  "connector",
  "outcome",
  "failed",
  "minDurationMs",
  "since",
  "until",
] as const;

export type RequestFilter = Partial<Record<(typeof REQUEST_FILTERS)[number], string>>;

/** What a URL's query asks for; whatever else stands there is of no account. */
export function filterOf(search: string): RequestFilter {
  const given = new URLSearchParams(search);
  const filter: RequestFilter = {};
  for (const name of REQUEST_FILTERS) {
    const value = given.get(name);
    if (value !== null && value !== "") filter[name] = value;
  }
  return filter;
}

/** "" for a filter that asks for everything; else with its "?". */
export function searchOf(filter: RequestFilter): string {
  const query = new URLSearchParams();
  for (const name of REQUEST_FILTERS) {
    const value = filter[name];
    if (value !== undefined && value !== "") query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}
