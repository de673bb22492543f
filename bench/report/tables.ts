import type { Sample } from "../measure.ts";
import type { Metric, Results } from "./results.ts";
import type { Spread } from "./statistics.ts";
import { type Comparison, isMet, type Target } from "./targets.ts";

export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Three significant digits. Further ones are noise. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value === 0) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 3));
}

export function withSpread({ median, low, high, rounds }: Spread): string {
  return rounds < 2 ? digits(median) : `${digits(median)} (${digits(low)}..${digits(high)})`;
}

/** One table for each workload, with one line for each subject: medians, with quartiles where they matter most. */
export function workloadTables(results: Results, subjects: readonly string[]): string {
  return results.workloads
    .map((workload) => {
      const present = subjects.filter((subject) => results.has(workload, subject));
      const samples = results.samples.filter((sample) => sample.workload === workload);
      const isBulk = samples.some((sample) => sample.isBulk);
      const parts = [...new Set(samples.flatMap(({ cpuUs }) => Object.keys(cpuUs)))];
      const median = (subject: string, metric: Metric) =>
        digits(results.spread(workload, subject, metric).median);
      const unit = isBulk ? "MiB" : "request";
      const rows = present.map((subject) => [
        subject,
        withSpread(results.spread(workload, subject, isBulk ? megabytes : perSecond)),
        median(subject, ({ p50Ms }) => p50Ms),
        median(subject, ({ p99Ms }) => p99Ms),
        ...parts.map((part) => median(subject, ({ cpuUs }) => cpuUs[part] ?? NaN)),
        median(subject, ({ messagesPerRequest }) => messagesPerRequest ?? NaN),
      ]);
      const head = [
        workload,
        isBulk ? "MiB/s" : "per second",
        "p50 ms",
        "p99 ms",
        ...parts.map((part) => `${part} µs/${unit}`),
        "messages",
      ];
      return table([head, ...rows]);
    })
    .join("\n\n");
}

export function targetTable(targets: readonly Target[]): string {
  return table(targetRows(targets));
}

/** The same table in Markdown. */
export function targetMarkdown(targets: readonly Target[]): string {
  return markdown(targetRows(targets));
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

export function comparisonTable(comparisons: readonly Comparison[]): string {
  return table(comparisonRows(comparisons));
}

export function comparisonMarkdown(comparisons: readonly Comparison[]): string {
  return markdown(comparisonRows(comparisons));
}

function comparisonRows(comparisons: readonly Comparison[]): string[][] {
  const rows = comparisons.map(({ what, reached }) => [what, withSpread(reached)]);
  return [["beside the targets", "measured"], ...rows];
}

function targetRows(targets: readonly Target[]): string[][] {
  const rows = targets.map((target) => [
    target.what,
    `${target.atMost ? "<=" : ">="} ${target.goal}`,
    withSpread(target.reached),
    target.reached.rounds === 0 ? "not measured" : isMet(target) ? "PASS" : "FAIL",
  ]);
  return [["target", "goal", "reached", ""], ...rows];
}

function perSecond(sample: Sample): number {
  return sample.perSecond;
}

function megabytes(sample: Sample): number {
  return sample.mibPerSecond;
}
