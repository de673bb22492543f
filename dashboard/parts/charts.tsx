import { useRef, useState } from "hono/jsx/dom";
import uPlot from "uplot";
import { type ChartData, latest } from "./chart-data.ts";
import { latencyText, numberText, percentText } from "./format.ts";
import { useEffect } from "./use-effect.ts";

interface Line {
  label: string;
  /** Name of a custom property of the style sheet. */
  color: string;
  values: readonly (number | null)[];
  isFilled?: boolean;
}

interface ChartProps {
  title: string;
  at: readonly number[];
  lines: readonly Line[];
  text: (value: number | null) => string;
}

const perSecondText = (value: number | null) => (value === null ? "–" : `${numberText(value)}/s`);
const shareText = (value: number | null) => (value === null ? "–" : percentText(value));

export function Charts({ data }: { data: ChartData }) {
  return (
    <div class="charts">
      <Chart
        title="Requests"
        at={data.at}
        text={perSecondText}
        lines={[
          { label: "all", color: "--line-1", values: data.requestsPerSecond, isFilled: true },
          { label: "errors", color: "--line-bad", values: data.errorsPerSecond },
        ]}
      />
      <Chart
        title="Error rate"
        at={data.at}
        text={shareText}
        lines={[{ label: "errors", color: "--line-bad", values: data.errorShare, isFilled: true }]}
      />
      <Chart
        title="Latency"
        at={data.at}
        text={latencyText}
        lines={[
          { label: "p50", color: "--line-1", values: data.p50Ms },
          { label: "p90", color: "--line-2", values: data.p90Ms },
          { label: "p99", color: "--line-3", values: data.p99Ms },
        ]}
      />
    </div>
  );
}

const HEIGHT_PX = 150;
/** Values that stand alone between gaps make no line: so few are drawn as points too. */
const FEW_POINTS = 40;

/** One chart with its legend: the values under the pointer, or the latest. */
function Chart({ title, at, lines, text }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const [scheme, setScheme] = useState(0);

  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setScheme((last) => last + 1);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(chartOptions(element, lines, text, setPointed), columns(at, lines), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [scheme]);

  useEffect(() => plot.current?.setData(columns(at, lines)), [at]);

  const shown = lines.map(({ label, color, values }) => ({
    label,
    color,
    value: text(pointed === null ? latest(values) : (values[pointed] ?? null)),
  }));
  const when = pointed === null ? undefined : at[pointed];
  const summary = shown.map(({ label, value }) => `${label} ${value}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="chart-time">
          {when === undefined ? "latest" : new Date(when * 1000).toLocaleTimeString("en-GB")}
        </span>
        <span class="legend">
          {shown.map(({ label, color, value }) => (
            <span>
              <i style={{ background: `var(${color})` }} /> {label} <b>{value}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title} over time; latest: ${summary}`} />
    </figure>
  );
}

function columns(at: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...at], ...lines.map(({ values }) => [...values])];
}

function chartOptions(
  element: HTMLElement,
  lines: readonly Line[],
  text: (value: number | null) => string,
  point: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--faint"),
    grid: { stroke: color("--rule"), width: 1 },
    ticks: { show: false },
  };
  const font = `11px ${style.fontFamily}`;
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, font, size: 26, grid: { show: false }, space: 70, values: clockTicks },
      { ...axis, font, size: 58, space: 36, values: (_, ticks) => ticks.map((tick) => text(tick)) },
    ],
    series: [
      {},
      ...lines.map(({ label, color: name, values, isFilled }): uPlot.Series => ({
        label,
        stroke: color(name),
        width: 1.5,
        spanGaps: false,
        points: { show: values.filter((value) => value !== null).length <= FEW_POINTS, size: 4 },
        ...(isFilled === true ? { fill: `${color(name)}22` } : {}),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  };
}

function clockTicks(_: uPlot, ticks: readonly number[]): string[] {
  return ticks.map((seconds) =>
    new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
  );
}
