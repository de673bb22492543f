import { useCallback, useState } from "hono/jsx/dom";
import { useEffect } from "./use-effect.ts";

export interface Polled<T> {
  /** The last response. It stays if a later call fails. Null before the first. */
  data: T | null;
  /** Why the last call failed; null if it succeeded. */
  error: unknown;
  /** Loads again at once. */
  reload: () => void;
}

/**
 * Calls `load` at once, and again `intervalMs` after each response, except while the page is hidden. `key` identifies what
 * is loaded: when it changes, everything starts again.
 */
export function usePolled<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  intervalMs: number | null,
): Polled<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown }>({
    key,
    data: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const data = await load(ended.signal);
        if (!ended.signal.aborted) setState({ key, data, error: null });
      } catch (error) {
        if (!ended.signal.aborted)
          setState((before) => ({ key, data: before.key === key ? before.data : null, error }));
      }
      if (intervalMs !== null && !ended.signal.aborted) timer = setTimeout(askWhenSeen, intervalMs);
    };
    const askWhenSeen = () => {
      if (!document.hidden) void ask();
      else document.addEventListener("visibilitychange", askWhenSeen, { once: true, signal: ended.signal });
    };
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [key, intervalMs, turn]);

  const reload = useCallback(() => setTurn((last) => last + 1), []);
  const isCurrent = state.key === key;
  return { data: isCurrent ? state.data : null, error: isCurrent ? state.error : null, reload };
}
