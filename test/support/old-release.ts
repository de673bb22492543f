import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const FIXTURES = join(import.meta.dirname, "../fixtures/revision-18b23a9");

/** A bundle of the last release: the connector with the commands, or the relay's Worker. */
export type OldBundle = "culvert.js" | "relay.js";

/** Where the unpacked bundle is; its digest has been checked. */
export async function oldRelease(bundle: OldBundle): Promise<string> {
  const digests = JSON.parse(await readFile(join(FIXTURES, "sha256.json"), "utf8")) as Record<
    OldBundle,
    string
  >;
  const bytes = brotliDecompressSync(await readFile(join(FIXTURES, `${bundle}.br`)));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== digests[bundle]) throw new Error(`${bundle}: SHA-256 is ${digest}, not ${digests[bundle]}`);
  const directory = join(tmpdir(), `culvert-18b23a9-${digest.slice(0, 12)}`);
  await mkdir(directory, { recursive: true });
  // Without it, Node would not treat the bundle as an ES module.
  const file = join(directory, bundle.replace(/\.js$/, ".mjs"));
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, bytes, { mode: 0o755 });
  await rename(unfinished, file);
  return file;
}
