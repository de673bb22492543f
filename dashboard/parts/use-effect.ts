import { useEffect as useHonoEffect } from "hono/jsx/dom";

/**
 * As React's. Hono's own runs an effect twice, and forgets what ends the first run, when a component is rendered again
 * before the next animation frame: a tunnel's requests then came over two WebSockets, and each was listed twice.
 */
export function useEffect(run: () => void | (() => void), deps?: readonly unknown[]): void {
  let hasRun = false;
  let end: void | (() => void);
  useHonoEffect(() => {
    if (!hasRun) end = run();
    hasRun = true;
    return end;
  }, deps);
}
