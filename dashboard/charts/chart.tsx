import { useRef, useState } from "hono/jsx/dom";
import { useEffect } from "../parts/index.ts";
import { type ChartScale, chartScale } from "./chart-scale.ts";
import { latest } from "./chart-data.ts";
import { type Line, Plot } from "./plot.ts";
import { rangeBetween, type TimeRange } from "./time-range.ts";

export interface ChartProps {
  title: string;
  /** When each step begins, in seconds since 1970. */
  at: readonly number[];
  lines: readonly Line[];
  isBars?: boolean;
  text: (value: number | null) => string;
  /** The id of the help text about keys and pointer. */
  helpId: string;
  choose: (range: TimeRange) => void;
  /** Opens the requests of a step. */
  open: (index: number) => void;
  /** Shows the whole time again. */
  reset: () => void;
}

const KEY_STEPS: Record<string, number> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * One chart with its legend, which shows the values under the pointer, or the latest. For the keyboard it is a slider over
 * the steps.
 */
export function Chart(props: ChartProps) {
  const { title, at, lines, isBars = false, text, helpId } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const [isWhole, setWhole] = useState(false);
  const [scheme, setScheme] = useState(0);
  const scale = chartScale(
    lines.map(({ values }) => values),
    isWhole,
  );
  // The plot is created once, so it must not capture the properties of the first rendering.
  const current = useRef({ props, scale });
  current.current = { props, scale };
  const now = () => current.current ?? { props, scale };

  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setScheme((last) => last + 1);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new Plot(element, {
      ...{ lines, isBars, text },
      scale: () => now().scale,
      point: setPointed,
      choose: (fromMs, untilMs) => now().props.choose(rangeBetween(fromMs, untilMs)),
      open: (index) => now().props.open(index),
      reset: () => now().props.reset(),
    });
    made.show(now().props.at, now().props.lines);
    plot.current = made;
    return () => {
      made.end();
      plot.current = null;
    };
  }, [scheme, lines.map(({ label }) => label).join("\n")]);

  useEffect(() => plot.current?.show(at, lines), [at, isWhole]);

  const press = (event: KeyboardEvent) => {
    const step = KEY_STEPS[event.key];
    const last = at.length - 1;
    if (step !== undefined) {
      const from = pointed ?? last;
      const to = Math.min(last, Math.max(0, pointed === null ? last : from + step));
      const start = event.shiftKey ? (anchor ?? from) : null;
      setAnchor(start);
      plot.current?.point(to);
      plot.current?.select(start, to);
    } else if (event.key === "Enter" && pointed !== null) {
      if (anchor === null || anchor === pointed) props.open(pointed);
      else props.choose(rangeBetween((at[anchor] ?? 0) * 1000, (at[pointed] ?? 0) * 1000));
      setAnchor(null);
      plot.current?.select(null, 0);
    } else if (event.key === "Escape") {
      if (anchor === null) props.reset();
      setAnchor(null);
      plot.current?.select(null, 0);
    } else return;
    event.preventDefault();
  };

  const shown = lines.map(({ label, color, values }) => ({
    label,
    color,
    value: text(pointed === null ? latest(values) : (values[pointed] ?? null)),
  }));
  const when = pointed === null ? undefined : at[pointed];
  const clock = when === undefined ? "latest" : clockText(when);
  const from = anchor === null ? undefined : at[anchor];
  const summary = shown.map(({ label, value }) => `${label} ${value}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="chart-time">{clock}</span>
        <span class="legend">
          {shown.map(({ label, color, value }) => (
            <span>
              <i style={{ background: `var(${color})` }} /> {label} <b>{value}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div
        ref={place}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${title} over time`}
        aria-describedby={helpId}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, at.length - 1)}
        aria-valuenow={pointed ?? Math.max(0, at.length - 1)}
        aria-valuetext={`${from === undefined ? "" : `${clockText(from)} to `}${clock}: ${summary}`}
        onKeyDown={press}
        onBlur={() => {
          setAnchor(null);
          plot.current?.select(null, 0);
          plot.current?.point(null);
        }}
      />
      <PeakNote scale={scale} isWhole={isWhole} text={text} setWhole={setWhole} />
    </figure>
  );
}

interface PeakProps {
  scale: ChartScale;
  isWhole: boolean;
  text: (value: number | null) => string;
  setWhole: (isWhole: boolean) => void;
}

/** Says that a peak is cut off, and lets the person show it. */
function PeakNote({ scale: { cutPeak }, isWhole, text, setWhole }: PeakProps) {
  if (cutPeak === null && !isWhole) return null;
  return (
    <p class="peak">
      {cutPeak === null ? "Peaks are shown whole." : `Peaks up to ${text(cutPeak)} are cut off.`}{" "}
      <button type="button" class="link" onClick={() => setWhole(!isWhole)}>
        {isWhole ? "Cut them off" : "Show them whole"}
      </button>
    </p>
  );
}

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}
