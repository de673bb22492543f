import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildWithId, withoutCostlyNames } from "./bundle.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-build-id-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function bundled(name: string, source: string): Promise<{ id: string; text: string }> {
  const entry = join(directory, "entry.ts");
  const build = join(import.meta.dirname, "../shared/release/build-id.ts");
  await writeFile(entry, `export { BUILD_ID } from ${JSON.stringify(build)};\n${source}`);
  const outfile = join(directory, name);
  await buildWithId({ entryPoints: [entry], outfile, bundle: true, format: "esm" });
  const { BUILD_ID: id } = (await import(outfile)) as { BUILD_ID: string };
  return { id, text: await readFile(outfile, "utf8") };
}

it("a bundle's build id is the same for the same sources, and different for others", async () => {
  const first = await bundled("first.mjs", "export const one = 1;");
  const again = await bundled("again.mjs", "export const one = 1;");
  const other = await bundled("other.mjs", "export const one = 2;");
  expect(first.id).toMatch(/^[0-9a-f]{12}$/);
  expect(again.text).toBe(first.text);
  expect(other.id).not.toBe(first.id);
});

it("a bundle is ASCII, so that V8 stores one byte for each character", async () => {
  const source =
    "/** RFC 9112 \u00a72 \u2013 a comment */\n// \u2500\u2500 another\nexport const kept = '\u00fc\u{1f600}';";
  const { text } = await bundled("letters.mjs", `${source}\nfunction used() {\n  // \u00a7\n}\nused();`);
  expect(text).not.toMatch(/[^\0-\x7f]/);
  const { kept } = (await import(join(directory, "letters.mjs"))) as { kept: string };
  expect(kept).toBe("\u00fc\u{1f600}");
});

it("a bundle that imports Node's HTTP and TLS does not load undici", async () => {
  const entry = join(directory, "entry.ts");
  const outfile = join(directory, "names.mjs");
  await writeFile(
    entry,
    `import { createServer } from "node:http";
import { request } from "node:https";
import { createHash } from "node:crypto";
import tls, { connect } from "node:tls";
console.log(JSON.stringify({
  types: [createServer, request, createHash, connect, tls.connect].map((each) => typeof each),
  modules: process.moduleLoadList,
}));`,
  );
  const options = { outfile, bundle: true, platform: "node", format: "esm" } as const;
  await buildWithId({ ...options, entryPoints: [entry], plugins: [withoutCostlyNames] });
  const printed = execFileSync(process.execPath, [outfile], { encoding: "utf8" });
  const { types, modules } = JSON.parse(printed) as { types: string[]; modules: string[] };
  expect(types).toEqual(Array.from({ length: 5 }, () => "function"));
  expect(modules.filter((name) => name.includes("undici"))).toEqual([]);
});
