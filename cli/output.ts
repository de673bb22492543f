import { terminalJson, terminalLines, terminalText } from "../shared/terminal/terminal-text.ts";

/**
 * Standard output, for what was asked for. What comes from afar must have been made printable before, since it may hold
 * line ends; whatever else a terminal might obey is taken out here.
 */
export function print(text: string): void {
  process.stdout.write(`${terminalLines(text)}\n`);
}

/** Lines with colours of ours, whose parts have been made printable. */
export function printPainted(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${terminalJson(value, 2)}\n`);
}

/** Beside what was asked for. */
export function note(text: string): void {
  process.stderr.write(`${terminalLines(text)}\n`);
}

/** Columns for people. What comes from afar may hold control characters: a terminal must not obey them. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  if (rows.length === 0) return "(none)";
  const lines = [headings, ...rows].map((cells) => cells.map((cell) => printable(String(cell ?? "-"))));
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function printable(text: string): string {
  return terminalText(text);
}

/** `2026-11-23 20:04:05Z` */
export function shortTime(iso: string | null): string | null {
  return iso && iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}
