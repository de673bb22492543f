import type { Metric, Results } from "./results.ts";
import type { Spread } from "./statistics.ts";
import { digits } from "./tables.ts";

interface Panel {
  title: string;
  workload: string;
  metric: Metric;
}

const PANELS: readonly Panel[] = [
  {
    title: "Latency of a small GET, c=1: median ms",
    workload: "GET 1 KiB c=1",
    metric: ({ p50Ms }) => p50Ms,
  },
  { title: "Small GETs per second, c=16", workload: "GET 1 KiB c=16", metric: ({ perSecond }) => perSecond },
  { title: "64 MiB download: MiB/s", workload: "64 MiB down", metric: ({ mibPerSecond }) => mibPerSecond },
  { title: "64 MiB upload: MiB/s", workload: "64 MiB up", metric: ({ mibPerSecond }) => mibPerSecond },
  {
    title: "Memory of the part beside the API after small GETs, c=16: MB",
    workload: "GET 1 KiB c=16",
    metric: ({ residentBytes }) =>
      (residentBytes["connector"] ?? residentBytes["proxy"] ?? NaN) / 1024 / 1024,
  },
];

const WIDTH = 730;
const LABEL = 140;
const BAR = 16;
const GAP = 6;
const TITLE = 34;
const VALUE = 70;

/** Bars of medians with quartiles, which are readable on light and dark pages. */
export function plot(results: Results, subjects: readonly string[]): string {
  let y = 0;
  const parts: string[] = [];
  for (const { title, workload, metric } of PANELS) {
    const bars = subjects
      .map((name) => ({ name, spread: results.spread(workload, name, metric) }))
      .filter(({ spread }) => spread.rounds > 0);
    if (bars.length === 0) continue;
    const most = Math.max(...bars.map(({ spread }) => spread.high));
    parts.push(`<text x="0" y="${y + 22}" class="title">${escaped(title)}</text>`);
    y += TITLE;
    for (const { name, spread } of bars) {
      parts.push(bar(name, spread, most, y));
      y += BAR + GAP;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a; }
  .title { font-weight: 600; font-size: 13px; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .spread { stroke: #cf222e; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) { text { fill: #adbac7; } .ours { fill: #539bf5; } }
</style>
${parts.join("\n")}
</svg>
`;
}

function bar(name: string, { median, low, high }: Spread, most: number, y: number): string {
  const scale = (WIDTH - LABEL - VALUE) / most;
  const at = (value: number) => (LABEL + value * scale).toFixed(1);
  const middle = y + BAR / 2;
  const ours = name.startsWith("culvert") ? "bar ours" : "bar";
  return [
    `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`,
    `<rect x="${LABEL}" y="${y}" width="${(median * scale).toFixed(1)}" height="${BAR}" class="${ours}"/>`,
    `<line x1="${at(low)}" x2="${at(high)}" y1="${middle}" y2="${middle}" class="spread"/>`,
    `<text x="${(LABEL + high * scale + 6).toFixed(1)}" y="${middle + 4}">${digits(median)}</text>`,
  ].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
