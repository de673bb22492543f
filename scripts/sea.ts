import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { bundleCulvertForSea } from "./bundle.ts";
import { checkPinnedNode } from "./pinned-node.ts";

const run = promisify(execFile);

/** Marks the place in Node's binary that says whether a program is embedded. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/**
 * Combines the connector with the Node that runs this script into one executable. It runs without Node on machines with the
 * same platform and C library.
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
    // Written next to its destination and then renamed, because a running executable cannot be overwritten.
    const unfinished = `${outfile}.unfinished`;
    await copyFile(process.execPath, unfinished);
    // Checks the copy, because that is what ships.
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
