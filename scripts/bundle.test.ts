import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildWithId } from "./bundle.ts";

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

it("a bundle's build id is the same for the same sources, and another for others", async () => {
  const first = await bundled("first.mjs", "export const one = 1;");
  const again = await bundled("again.mjs", "export const one = 1;");
  const other = await bundled("other.mjs", "export const one = 2;");
  expect(first.id).toMatch(/^[0-9a-f]{12}$/);
  expect(again.text).toBe(first.text);
  expect(other.id).not.toBe(first.id);
});
