import { terminalJson, terminalLines, terminalText } from "../shared/terminal/terminal-text.ts";

/**
 * Prints a result on standard output. Removes the control characters that a terminal would obey, but keeps line ends: pass
 * text from other machines through `printable` first, since it may contain line ends of its own.
 */
export function print(text: string): void {
  process.stdout.write(`${terminalLines(text)}\n`);
}

/** For lines that this program coloured itself. Their parts must have gone through `printable`. */
export function printPainted(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${terminalJson(value, 2)}\n`);
}

/** Prints a remark on standard error, so that it does not mix with the result. */
export function note(text: string): void {
  process.stderr.write(`${terminalLines(text)}\n`);
}

/** A table with aligned columns. Control characters in the cells are made printable. */
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
