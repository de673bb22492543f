import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");
const promises = page.slice(page.indexOf("## Promises"), page.indexOf("## Secrets"));

/** The page's list items. Each begins on a line of its own. */
const items = promises.split(/\n(?=- )/).filter((item) => item.startsWith("- "));

describe("docs/security.md", () => {
  it("names a test or a command for each promise", () => {
    expect(items.length).toBeGreaterThan(25);
    for (const item of items) {
      expect(item).toMatch(/^- \S[^]*\.\n  Shown by [^]*(?:`[\w/.-]+\.test\.ts`|`npm run )/);
    }
  });

  it.each([...new Set(page.match(/(?<=`)[\w/.-]+\.(?:test\.)?ts(?=`)/g))])(
    "names %s, which exists",
    (path) => {
      expect(existsSync(join(root, path))).toBe(true);
    },
  );
});
