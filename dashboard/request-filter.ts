/** The filters of the search for requests, with the names of the API's query. */
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

/** The filter in a URL's query. Other parameters are ignored. */
export function filterOf(search: string): RequestFilter {
  const given = new URLSearchParams(search);
  const filter: RequestFilter = {};
  for (const name of REQUEST_FILTERS) {
    const value = given.get(name);
    if (value !== null && value !== "") filter[name] = value;
  }
  return filter;
}

/** The query with its "?"; "" for an empty filter. */
export function searchOf(filter: RequestFilter): string {
  const query = new URLSearchParams();
  for (const name of REQUEST_FILTERS) {
    const value = filter[name];
    if (value !== undefined && value !== "") query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}
