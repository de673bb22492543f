import * as z from "zod";
import { decodeBase64url, encodeBase64url } from "../../shared/tokens/base64url.ts";
import { ApiError } from "./problem.ts";

const MAX_LIMIT = 100;

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).describe("Entries on a page"),
  cursor: z.string().max(64).optional().describe("`nextCursor` of the page before"),
});

export type PageQuery = z.infer<typeof pageQuery>;

export function pageSchema<T extends z.ZodType>(entry: T) {
  return z.strictObject({
    items: z.array(entry),
    nextCursor: z.string().nullable().describe("Null on the last page"),
  });
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** `fetch` is asked for one entry more than a page holds, which tells whether another page follows. */
export async function page<T, V>(
  query: PageQuery,
  firstPosition: number,
  fetch: (limit: number, position: number) => Promise<readonly T[]>,
  positionOf: (entry: T) => number,
  view: (entry: T) => V,
): Promise<Page<V>> {
  const position = query.cursor === undefined ? firstPosition : cursorPosition(query.cursor);
  const entries = await fetch(query.limit + 1, position);
  const shown = entries.slice(0, query.limit);
  const last = entries.length > shown.length ? shown.at(-1) : undefined;
  return { items: shown.map(view), nextCursor: last === undefined ? null : cursorOf(positionOf(last)) };
}

function cursorOf(position: number): string {
  return encodeBase64url(new TextEncoder().encode(String(position)));
}

function cursorPosition(cursor: string): number {
  const bytes = decodeBase64url(cursor);
  const text = bytes === null ? "" : new TextDecoder().decode(bytes);
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw new ApiError("INVALID_REQUEST", {
      problems: [{ path: "query.cursor", message: "is not from a page" }],
    });
  }
  return Number(text);
}
