import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FIXED_LIMITS, type Section } from "./limits/fixed/index.ts";
import { Constants } from "./limits/read-constants.ts";
import { connectorRows, type Row, servicesFileRows, upstreamRows } from "./limits/settable.ts";
import { amount, unitOf } from "./limits/units.ts";

/** Writes docs/limits.md from the code that enforces the limits. With `--check` it fails if the page differs. */
const PAGE = "docs/limits.md";
const root = join(import.meta.dirname, "..");

const INTRODUCTION = `# Limits

Every limit and timeout. \`npm run limits\` writes this page from the code: change the code, not the page.
For what ends a connection that floods its peer, see [budgets](protocol.md#errors-and-budgets).

## What can be set

### Per service

In the [services file](setup.md#3-the-services-file), for a service or for the hosts of a network rule.`;

function page(): string {
  const constants = new Constants(root);
  return [
    INTRODUCTION,
    settableTable(servicesFileRows()),
    "### Of a connector\n\n[Settings](connector.md#settings) of its process.",
    settableTable(connectorRows()),
    "### Of a connector's upstreams\n\nFor upstreams that match a pattern of [`upstreams`](connector.md#upstreams).",
    settableTable(upstreamRows()),
    "## What is fixed",
    ...FIXED_LIMITS.map((section) => fixedTable(section, constants)),
  ].join("\n\n");
}

function settableTable(rows: readonly Row[]): string {
  return table(["setting", "range", "unless set"], rows);
}

function fixedTable({ title, text, limits }: Section, constants: Constants): string {
  const rows = limits.map(({ what, file, constant, unit, beyond }) => [
    what,
    amount(constants.valueOf(file, constant), unit ?? unitOf(constant)),
    beyond,
  ]);
  return [
    `### ${title}`,
    ...(text === undefined ? [] : [text]),
    table(["limit", "value", "beyond it"], rows),
  ].join("\n\n");
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "-")), ...rows.map(line)].join("\n");
}

/** Ignores the alignment of tables, which the formatter changes. */
function unaligned(text: string): string {
  return text.trim().replaceAll(/ +/g, " ").replaceAll(/-{2,}/g, "-");
}

const path = join(root, PAGE);
if (process.argv.includes("--check")) {
  if (unaligned(readFileSync(path, "utf8")) !== unaligned(page())) {
    console.error(`${PAGE} differs from the code: run npm run limits`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, `${page()}\n`);
  spawnSync(join(root, "node_modules/.bin/oxfmt"), [PAGE], { cwd: root, stdio: "inherit" });
}
