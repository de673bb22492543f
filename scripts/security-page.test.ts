import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");
const promises = page.slice(page.indexOf("## Promises"), page.indexOf("## Secrets"));

/** Rows of its tables, without their heads. */
const rows = promises
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:-|promise|rule)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/security.md", () => {
  it("names a test, or a command, for each promise", () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const [, promise = "", heldBy = ""] of rows) {
      expect(promise).not.toBe("");
      expect(heldBy, promise).toMatch(/`[\w/.-]+\.test\.ts`|`npm run /);
    }
  });

  it.each([...new Set(page.match(/(?<=`)[\w/.-]+\.(?:test\.)?ts(?=`)/g))])(
    "names %s, which exists",
    (path) => {
      expect(existsSync(join(root, path))).toBe(true);
    },
  );
});
