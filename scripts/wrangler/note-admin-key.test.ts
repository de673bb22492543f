import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const SCRIPT = join(import.meta.dirname, "note-admin-key.ts");
const KEY = "x".repeat(32);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "culvert-dev-vars-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function noteOf(command: string, files: Record<string, string> = {}): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, command], {
    cwd: directory,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return stderr;
}

describe("npm run dev", () => {
  it.each([
    ["no .dev.vars", {}],
    ["the unchanged example", { ".dev.vars": "# a comment\nADMIN_KEY=\n" }],
    ["another variable alone", { ".dev.vars": "LOG_QUERY=keep\n", ".env": `ADMIN_KEY=${KEY}\n` }],
  ])("says that there is no ADMIN_KEY, and how to make one: %s", (_, files) => {
    const note = noteOf("dev", files);
    expect(note).toContain("no ADMIN_KEY");
    expect(note).toContain('\n  echo "ADMIN_KEY=$(openssl rand -base64 32)" >> .dev.vars\n');
  });

  it("says that a key is too short, without showing it", () => {
    const note = noteOf("dev", { ".dev.vars": "ADMIN_KEY=swordfish\n" });
    expect(note).toContain("shorter than 32 characters");
    expect(note).not.toContain("swordfish");
  });

  it.each([
    ["plain", { ".dev.vars": `ADMIN_KEY=${KEY}` }],
    ["in quotes, as base64", { ".dev.vars": `ADMIN_KEY="${KEY}+/="\r\n` }],
    ["in .env", { ".env": `ADMIN_KEY=${KEY}\n` }],
    ["a second that counts", { ".dev.vars": `ADMIN_KEY=\nADMIN_KEY=${KEY}\n` }],
  ])("says nothing if there is one: %s", (_, files) => {
    expect(noteOf("dev", files)).toBe("");
  });
});

it("a deploy says what a relay without ADMIN_KEY needs", () => {
  expect(noteOf("deploy")).toContain("npx wrangler secret put ADMIN_KEY");
});

it("both commands print it", () => {
  expect(packageJson.scripts.dev).toContain(
    "node scripts/wrangler/note-admin-key.ts dev && exec wrangler dev",
  );
  expect(packageJson.scripts.deploy).toContain(
    "wrangler deploy && node scripts/wrangler/note-admin-key.ts deploy",
  );
});
