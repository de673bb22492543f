import uPlot from "uplot";
import type { ChartScale } from "./chart-scale.ts";

export interface Line {
  label: string;
  /** The name of a custom property in the style sheet. */
  color: string;
  values: readonly (number | null)[];
  isFilled?: boolean;
}

export interface PlotOptions {
  lines: readonly Line[];
  isBars: boolean;
  text: (value: number | null) => string;
  scale: () => ChartScale;
  /** Called with the step under the pointer. */
  point: (index: number | null) => void;
  /** Called when the pointer was dragged from one time to another. */
  choose: (fromMs: number, untilMs: number) => void;
  open: (index: number) => void;
  reset: () => void;
}

const HEIGHT_PX = 150;
/** Up to this many values are also drawn as points, because a single value between gaps makes no line. */
const FEW_POINTS = 40;
/** A hand moves a little during a click. */
const MIN_DRAG_PX = 6;
const MARK_PX = 5;

/** A drawing by uPlot, and its reaction to the pointer. */
export class Plot {
  readonly #plot: uPlot;
  readonly #resized: ResizeObserver;
  #at: readonly number[] = [];

  constructor(element: HTMLElement, options: PlotOptions) {
    let wasDragged = false;
    const dragged = (plot: uPlot) => {
      const { left, width } = plot.select;
      if (width === 0) return;
      wasDragged = true;
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      options.choose(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
    };
    this.#plot = new uPlot(uplotOptions(element, options, dragged), columns([], options.lines), element);
    const { over } = this.#plot;
    over.addEventListener("mousedown", () => (wasDragged = false));
    over.addEventListener("click", () => {
      const { idx } = this.#plot.cursor;
      if (!wasDragged && typeof idx === "number") options.open(idx);
    });
    this.#resized = new ResizeObserver(() =>
      this.#plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }),
    );
    this.#resized.observe(element);
  }

  show(at: readonly number[], lines: readonly Line[]): void {
    this.#at = at;
    this.#plot.setData(columns(at, lines));
  }

  /** Shows the values of this step, as if the pointer were there. */
  point(index: number | null): void {
    const seconds = index === null ? undefined : this.#at[index];
    const left = seconds === undefined ? -10 : this.#plot.valToPos(seconds, "x");
    this.#plot.setCursor({ left, top: seconds === undefined ? -10 : 0 });
  }

  /** Marks a range of steps; null removes the mark. */
  select(from: number | null, to: number): void {
    const ends = from === null ? [] : [this.#at[from], this.#at[to]];
    const [a = 0, b = 0] = ends.map((seconds) => this.#plot.valToPos(seconds ?? 0, "x"));
    const height = from === null ? 0 : this.#plot.over.clientHeight;
    this.#plot.setSelect({ left: Math.min(a, b), top: 0, width: Math.abs(b - a), height }, false);
  }

  end(): void {
    this.#resized.disconnect();
    this.#plot.destroy();
  }
}

function columns(at: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...at], ...lines.map(({ values }) => values.slice(0, at.length))];
}

function uplotOptions(
  element: HTMLElement,
  { lines, isBars, text, scale, point, reset }: PlotOptions,
  dragged: (plot: uPlot) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--faint"),
    grid: { stroke: color("--rule"), width: 1 },
    ticks: { show: false },
  };
  const font = `11px ${style.fontFamily}`;
  const bars = isBars ? uPlot.paths.bars?.({ size: [0.8, 24, 1] }) : undefined;
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      // A dragged range is loaded from the relay instead of being zoomed into. A drag of a few pixels counts as a click.
      drag: { x: true, y: false, setScale: false, dist: MIN_DRAG_PX, click: () => {} },
      bind: { dblclick: () => () => (reset(), null) },
    },
    scales: { x: { time: true }, y: { range: () => [0, scale().top] } },
    axes: [
      { ...axis, font, size: 26, grid: { show: false }, space: 70, values: clockTicks },
      { ...axis, font, size: 58, space: 36, values: (_, ticks) => ticks.map((tick) => tickText(tick, text)) },
    ],
    series: [
      {},
      ...lines.map(({ label, color: name, isFilled }): uPlot.Series => ({
        label,
        stroke: color(name),
        width: isBars ? 0 : 1.5,
        spanGaps: false,
        ...(bars === undefined ? {} : { paths: bars }),
        points: { show: (plot, index) => !isBars && isSparse(plot.data[index]), size: 4 },
        ...(isBars ? { fill: color(name) } : {}),
        ...(isFilled === true ? { fill: `${color(name)}22` } : {}),
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => point(cursor.idx ?? null)],
      setSelect: [dragged],
      draw: [(plot) => markCuts(plot, scale(), color(lines[0]?.color ?? "--faint"))],
    },
  };
}

function isSparse(values: ArrayLike<number | null | undefined> | undefined): boolean {
  return Array.from(values ?? []).filter((value) => typeof value === "number").length <= FEW_POINTS;
}

/** Draws a mark at the upper edge of each step that is cut off. */
function markCuts(plot: uPlot, { top, cutPeak }: ChartScale, color: string): void {
  if (cutPeak === null) return;
  const { ctx, bbox, data } = plot;
  const size = MARK_PX * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = color;
  for (const [index, seconds] of Array.from(data[0] ?? []).entries()) {
    if (!data.slice(1).some((values) => (values?.[index] ?? 0) > top)) continue;
    const x = plot.valToPos(seconds, "x", true);
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top + size);
    ctx.lineTo(x + size, bbox.top + size);
    ctx.lineTo(x, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}

function clockTicks(_: uPlot, ticks: readonly number[]): string[] {
  const isFine = ticks.some((seconds) => seconds % 60 !== 0);
  return ticks.map((seconds) =>
    new Date(seconds * 1000).toLocaleTimeString("en-GB", {
      ...{ hour: "2-digit", minute: "2-digit" },
      ...(isFine ? { second: "2-digit" } : {}),
    } as const),
  );
}

/** `0`, `5%`: round numbers without decimal places. */
function tickText(tick: number, text: (value: number) => string): string {
  return tick === 0 ? "0" : text(tick).replace(/\.0(?!\d)/, "");
}
