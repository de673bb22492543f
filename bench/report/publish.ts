import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { comparisonMarkdown, targetMarkdown } from "./tables.ts";
import type { Comparison, Target } from "./targets.ts";

const BEGIN = "<!-- results: written by `npm run bench -- --publish` -->";
const END = "<!-- end of results -->";

export interface Run {
  /** An SVG. */
  picture: string;
  targets: readonly Target[];
  comparisons: readonly Comparison[];
  /** ISO 8601. */
  at: string;
  /** `state` says how idle the machine was. */
  machine: { cpu: string; cores: number; node: string; state: string };
  rounds: number;
}

/** Writes the results into docs/performance.md, and the picture that README.md shows too. */
export function publish(root: string, { picture, targets, comparisons, at, machine, rounds }: Run): void {
  writeFileSync(join(root, "docs/images/bench.svg"), picture);
  const page = join(root, "docs/performance.md");
  const text = readFileSync(page, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${page} has no place for the results`);
  const { cpu, cores, node, state } = machine;
  const where = `${at.slice(0, 10)}, ${cores} cores of ${cpu} (${state}), Node ${node}, ${rounds} rounds; medians, quartiles in brackets.`;
  const results = `${BEGIN}\n\n${where}\n\n${targetMarkdown(targets)}\n\n${comparisonMarkdown(comparisons)}\n\n`;
  writeFileSync(page, text.slice(0, begin) + results + text.slice(end));
  execFileSync(join(root, "node_modules/.bin/oxfmt"), [page]);
}
