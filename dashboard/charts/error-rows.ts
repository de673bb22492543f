import type { Traffic } from "../api-types.ts";
import type { RequestFilter } from "../request-filter.ts";

export interface ErrorRow {
  title: string;
  count: number;
  /** The search that finds these requests; null if no single search does. */
  filter: RequestFilter | null;
}

const MAX_CODES = 5;

/** The errors by kind. Their counts add up to the number of errors. */
export function errorRows({ points, codes }: Pick<Traffic, "points" | "codes">): ErrorRow[] {
  const errors = points.reduce((total, point) => total + point.errors, 0);
  const shown = codes.slice(0, MAX_CODES);
  const others = codes.slice(MAX_CODES).reduce((total, { count }) => total + count, 0);
  const coded = codes.reduce((total, { count }) => total + count, 0);
  const rows: ErrorRow[] = shown.map(({ code, count }) => ({ title: code, count, filter: { code } }));
  if (others > 0) rows.push({ title: "other codes", count: others, filter: { code: "any" } });
  // Errors without a code are the upstreams' own 5xx responses.
  if (errors > coded) {
    const filter: RequestFilter = { status: "5xx", outcome: "answered" };
    rows.push({ title: "answers of 5xx", count: errors - coded, filter });
  }
  return rows;
}
