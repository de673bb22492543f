import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { isTest, sourceFiles } from "./structure/source-tree.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
const TOP = ["bin", "cli", "connector", "dashboard", "kit", "shared", "worker"];
const MAX_ROOMS_OF_A_REQUEST = 10;

function section(heading: string): string {
  const [, text = ""] = page.split(`\n## ${heading}\n`);
  return text.split("\n## ")[0] ?? "";
}

it("names every room, and no room that does not exist", () => {
  const named = [...section("Rooms").matchAll(/^\| `([^`]+)`/gm)].map(([, room]) => room);
  const folders = sourceFiles(root)
    .filter(({ path }) => !isTest(path))
    .map(({ path }) => dirname(path).split("/").slice(0, 2).join("/"))
    .filter((folder) => TOP.includes(folder.split("/")[0] ?? ""));
  expect(named).toEqual([...new Set(folders)].toSorted());
});

it("leads a request through existing files, and at most ten rooms", () => {
  const [, walk = ""] = section("The way of a request").split("```");
  const missing: string[] = [];
  const rooms: string[] = [];
  for (const line of walk.split("\n")) {
    if (/^\S+\/$/.test(line)) rooms.push(line);
    for (const [name] of line.matchAll(/[\w-]+(?:\.ts|\/)(?=[\s,:]|$)/g)) {
      const path = line.startsWith("  ") ? `${rooms.at(-1) ?? ""}${name}` : line;
      if (!existsSync(join(root, path))) missing.push(path);
    }
  }
  expect(missing).toEqual([]);
  expect(rooms.length).toBeGreaterThan(5);
  expect(rooms.length).toBeLessThanOrEqual(MAX_ROOMS_OF_A_REQUEST);
});
