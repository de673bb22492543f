import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import digests from "./node-digests.json" with { type: "json" };
import { unpinned } from "./supply/unpinned.ts";

/**
 * Is every byte that ships named by a digest? `--release` also asks it of the base images, which cannot be looked up
 * without a network: BUILD_IMAGE and RUNTIME_IMAGE name them as `docker build --build-arg` is to get them.
 */
const { values } = parseArgs({ options: { release: { type: "boolean", default: false } } });
const root = join(import.meta.dirname, "..");
const read = (name: string): Promise<string> => readFile(join(root, name), "utf8");

const problems = unpinned({
  lockFile: await read("package-lock.json"),
  packageFile: await read("package.json"),
  dockerfile: await read("Dockerfile"),
  nodeVersion: digests.version,
  release: values.release,
  env: process.env,
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
