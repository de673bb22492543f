import type { Child } from "hono/jsx/dom";
import { useRef } from "hono/jsx/dom";
import { formTexts } from "../parts/index.ts";
import { rangeOfClocks, type TimeRange } from "../charts/index.ts";

interface RangeProps {
  range: TimeRange | null;
  setRange: (range: TimeRange | null) => void;
  /** Shown beside it while no range is chosen. */
  children: Child;
}

/** Lets a person enter a range of time without dragging, and return to the whole time. */
export function RangeControl({ range, setRange, children }: RangeProps) {
  const form = useRef<HTMLFormElement>(null);
  const choose = (event: Event) => {
    event.preventDefault();
    if (form.current === null) return;
    const { from = "", until = "" } = formTexts(form.current);
    const chosen = rangeOfClocks(from, until, Date.now());
    if (chosen !== null) setRange(chosen);
  };
  return (
    <div class="range">
      {range === null ? (
        children
      ) : (
        <span class="range-shown" role="status">
          {clock(range.fromMs)} to {clock(range.untilMs)}{" "}
          <button type="button" class="small" onClick={() => setRange(null)}>
            Show all
          </button>
        </span>
      )}
      <details>
        <summary>Choose a time</summary>
        <form ref={form} method="post" aria-label="Time" onSubmit={choose}>
          <label class="inline">
            from <input type="time" name="from" step={1} required />
          </label>
          <label class="inline">
            to <input type="time" name="until" step={1} required />
          </label>
          <button type="submit" class="small">
            Show
          </button>
        </form>
      </details>
    </div>
  );
}

function clock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB");
}
