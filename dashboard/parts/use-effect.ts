import { useEffect as useHonoEffect } from "hono/jsx/dom";

/**
 * Works as React's does. Hono's own runs an effect twice, and loses the first run's clean-up, if a component is rendered
 * again before the next animation frame. The requests of a tunnel then came over two WebSockets, and each was listed twice.
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
