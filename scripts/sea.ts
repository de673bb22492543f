import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { bundleCulvertForSea } from "./bundle.ts";
import { checkPinnedNode } from "./pinned-node.ts";

const run = promisify(execFile);

/** Marks in Node's binary the place that says whether a program is inside. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/**
 * Makes one executable of the Node that runs this script and the connector: it needs no Node where it goes, only the
 * same platform and its C library.
 */
async function buildExecutable(outfile: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-sea-"));
  try {
    const main = join(directory, "culvert.cjs");
    const blob = join(directory, "culvert.blob");
    const config = join(directory, "config.json");
    await bundleCulvertForSea(main);
    await writeFile(
      config,
      JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }),
    );
    await run(process.execPath, ["--experimental-sea-config", config]);
    // Beside its destination and then renamed: a running executable cannot be written to.
    const unfinished = `${outfile}.unfinished`;
    await copyFile(process.execPath, unfinished);
    // The copy, which is what is shipped.
    await checkPinnedNode(unfinished);
    await chmod(unfinished, 0o755);
    const postject = fileURLToPath(import.meta.resolve("postject/dist/cli.js"));
    await run(process.execPath, [postject, unfinished, "NODE_SEA_BLOB", blob, "--sentinel-fuse", FUSE]);
    await rename(unfinished, outfile);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { outfile: { type: "string" } } });
const outfile = resolve(
  values.outfile ?? join(import.meta.dirname, `../dist/culvert-${process.platform}-${process.arch}`),
);
await mkdir(join(outfile, ".."), { recursive: true });
await buildExecutable(outfile);
const mebibytes = (await stat(outfile)).size / 2 ** 20;
console.log(
  `${relative(process.cwd(), outfile)}  ${mebibytes.toFixed(0)} MiB, Node ${process.versions.node}`,
);
