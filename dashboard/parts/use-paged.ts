import { useCallback, useState } from "hono/jsx/dom";
import { get } from "../api.ts";
import type { Page } from "../api-types.ts";
import { useEffect } from "./use-effect.ts";

export interface Paged<T> {
  /** The items of all pages read so far; null before the first. */
  items: readonly T[] | null;
  hasMore: boolean;
  error: unknown;
  loadMore: () => void;
  /** Loads the first page again. */
  reload: () => void;
}

/** A list of the API, loaded page by page. */
export function usePaged<T>(path: string): Paged<T> {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);

  const load = useCallback(
    async (after: string | null, before: readonly T[]) => {
      try {
        const mark = path.includes("?") ? "&" : "?";
        const query = after === null ? "" : `${mark}cursor=${encodeURIComponent(after)}`;
        const page = await get<Page<T>>(`${path}${query}`);
        setItems([...before, ...page.items]);
        setCursor(page.nextCursor);
        setError(null);
      } catch (thrown) {
        setError(thrown);
      }
    },
    [path],
  );
  useEffect(() => void load(null, []), [load]);

  return {
    items,
    hasMore: cursor !== null,
    error,
    loadMore: () => void load(cursor, items ?? []),
    reload: () => void load(null, []),
  };
}
