/** Standard output, for what was asked for. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
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
  return text.replace(/\p{Cc}/gu, "?");
}

/** `2026-11-23 20:04:05Z` */
export function shortTime(iso: string | null): string | null {
  return iso && iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}
