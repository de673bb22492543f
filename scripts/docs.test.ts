import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const pages = globSync(["*.md", "{docs,deploy,examples,templates}/**/*.md"], { cwd: root })
  .filter((path) => !path.includes("node_modules"))
  .sort();
const text = (path: string) => readFileSync(join(root, path), "utf8");
const withoutCode = (page: string) => page.replaceAll(/^```[^]*?^```/gm, "");

/** Anchors as GitHub creates them: lower case, no punctuation, hyphens for spaces, numbered if a heading appears twice. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const [, heading = ""] of withoutCode(page).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const slug = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}

function brokenLinks(path: string): string[] {
  const page = withoutCode(text(path)).replaceAll(/`[^`\n]*`/g, "");
  const targets = [
    ...[...page.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(([, target = ""]) => target),
    ...[...page.matchAll(/ (?:src|href)="([^"]+)"/g)].map(([, target = ""]) => target),
  ];
  return targets.filter((target) => {
    if (/^(https?|mailto):/.test(target)) return false;
    const [file = "", anchor] = target.split("#");
    const to = file === "" ? path : join(dirname(path), file);
    if (!existsSync(join(root, to))) return true;
    return anchor !== undefined && to.endsWith(".md") && !anchors(text(to)).has(anchor);
  });
}

it("has pages to check", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/gateways.md"]));
});

it.each(pages)("%s links to files and headings that exist", (path) => {
  expect(brokenLinks(path)).toEqual([]);
});

/**
 * Tables of measured numbers may have more columns. Any other table that needs a fourth column should be prose or a list.
 */
const GRIDS = new Set(["docs/cost.md", "docs/performance.md", "docs/decisions/0045-tcp-by-rpc.md"]);
const MAX_COLUMNS = 3;
const MAX_CELL_LENGTH = 100;

function wideRows(path: string): string[] {
  const rows = withoutCode(text(path)).match(/^\|.*\|$/gm) ?? [];
  return rows.filter((row) => {
    const cells = row.split(/(?<!\\)\|/).slice(1, -1);
    const lengths = cells.map((cell) => cell.trim().replaceAll(/\]\([^)]*\)/g, "]").length);
    const isRule = cells.every((cell) => /^ *:?-+:? *$/.test(cell));
    return (
      (cells.length > MAX_COLUMNS && !GRIDS.has(path)) || (!isRule && Math.max(...lengths) > MAX_CELL_LENGTH)
    );
  });
}

it.each(pages)("%s has tables of at most three columns, with short cells", (path) => {
  expect(wideRows(path)).toEqual([]);
});

it("the index links to every page of docs/, under its kind", () => {
  const [, kinds = ""] = text("docs/README.md").split("\n## By kind\n");
  const linked = [...kinds.matchAll(/^- \[[^\]]+\]\(([^)]+)\): /gm)].map(([, target = ""]) => target);
  const own = pages.filter((path) => /^docs\/[\w-]+\.md$/.test(path) && path !== "docs/README.md");
  const expected = [...own.map((path) => path.slice("docs/".length)), "decisions", "deploy/README.md"];
  expect(linked.toSorted()).toEqual(expected.toSorted());
});

it("each decision has a unique number, which is also in its heading", () => {
  const decisions = pages.filter((path) => /^docs\/decisions\/\d/.test(path));
  const numbers = decisions.map((path) => Number(/\d+/.exec(path)?.[0]));
  expect(numbers).toEqual([...new Set(numbers)]);
  expect(decisions.map((path) => Number(/^# (\d+)\. /.exec(text(path))?.[1]))).toEqual(numbers);
});

/**
 * Finds pointers in the source such as `docs/x.md` or `docs/x.md, "Heading"`, in comments and messages, also across two
 * lines.
 */
function brokenPointers(path: string): string[] {
  const source = text(path).replaceAll(/\n\s*(?:\*|\/\/|#)? ?/g, " ");
  return [...source.matchAll(/\bdocs\/([\w/.-]+\.md)(?:#([\w-]+)|, "([^"]+)")?/g)]
    .filter(([, file = "", anchor, heading]) => {
      const to = `docs/${file}`;
      if (!existsSync(join(root, to))) return true;
      if (anchor !== undefined) return !anchors(text(to)).has(anchor);
      return (
        heading !== undefined &&
        !text(to)
          .split("\n")
          .some((line) => /^#+ /.test(line) && line.replace(/^#+ /, "").startsWith(heading))
      );
    })
    .map(([pointer]) => pointer);
}

it("the source points to pages, headings and decisions that exist", () => {
  const sources = globSync(
    [
      "{bin,cli,connector,dashboard,deploy,examples,kit,scripts,shared,worker}/**/*.{ts,tsx,sh,yaml}",
      "wrangler.toml",
    ],
    { cwd: root },
  ).filter((path) => !/node_modules|generated|\.test\.ts$/.test(path));
  expect(sources.length).toBeGreaterThan(300);
  const broken = sources.flatMap((path) => brokenPointers(path).map((pointer) => `${path}: ${pointer}`));
  expect(broken).toEqual([]);
});

const COMMAND =
  /^(?:[A-Z_]+=\S* )*(?:\.\/|apt-get|cat|cd|culvert|curl|docker|echo|export|git|grep|helm|kill|kubectl|mkdir|node|npm|npx|openssl|psql|redis-cli|sha256sum|systemctl|tar|terraform|until) /;

/**
 * On an interactive command line, zsh takes a comment as arguments, and rejects a line with a pattern that matches no file.
 */
function notForZsh(line: string): boolean {
  const unquoted = line.replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"/g, "Q");
  return /^\s*#/.test(line) || (COMMAND.test(line) && /\s#|[?*[]|(?:^|\s)[=~]\w/.test(unquoted));
}

it.each(pages)("%s has command lines that mean the same in bash and zsh", (path) => {
  const blocks = [...text(path).matchAll(/^```(\w*)\n([^]*?)^```/gm)];
  const shell = blocks.filter(([, language]) => ["", "sh", "bash", "console"].includes(language ?? ""));
  const lines = shell.flatMap(([, , block = ""]) => block.split("\n"));
  expect(lines.filter((line) => notForZsh(line))).toEqual([]);
});

/** Names that a block may use without declaring them. */
const GIVEN = {
  env: 'declare const env: { TUNNEL: import("culvert-tunnel/gateway").TunnelBinding };',
  request: "declare const request: Request;",
};

/** Determines a block's runtime from its imports: Node for tests and APIs, a Worker for all others. */
const RUNTIMES = {
  workers: { types: "@cloudflare/workers-types", isOf: (block: string) => !RUNTIMES.node.isOf(block) },
  node: {
    types: "node",
    isOf: (block: string) => /"(culvert-tunnel\/(testing|connector)|node:)/.test(block),
  },
};

it.each(["workers", "node"] as const)(
  "have TypeScript for %s that compiles in strict mode",
  { timeout: 120_000 },
  async (runtime) => {
    const { types, isOf } = RUNTIMES[runtime];
    const directory = await mkdtemp(join(root, "dist-docs-"));
    try {
      const files: string[] = [];
      for (const path of pages) {
        for (const [, block = ""] of text(path).matchAll(/^```ts\n([^]*?)^```/gm)) {
          if (!isOf(block)) continue;
          const given = Object.entries(GIVEN).filter(([name]) => !new RegExp(`\\b${name}:`).test(block));
          const name = `${path.replaceAll(/[/.]/g, "-")}-${files.length}.ts`;
          const lines = runtime === "node" ? [] : given.map(([, line]) => line);
          await writeFile(join(directory, name), [...lines, block, "export {};"].join("\n"));
          files.push(name);
        }
      }
      expect(files.length).toBeGreaterThan(0);
      const compilerOptions = { types: [types], noUnusedLocals: false };
      const config = { extends: "../tsconfig.base.json", compilerOptions, files };
      await writeFile(join(directory, "tsconfig.json"), JSON.stringify(config));
      const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", directory]).catch(
        (error: { stdout: string }) => error,
      );
      expect(stdout).toBe("");
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
