import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import digests from "./node-digests.json" with { type: "json" };
import { unpinned } from "./supply/unpinned.ts";

/**
 * Checks that everything that ships is identified by a digest. With `--release` it checks the base images too, which cannot
 * be looked up without a network: pass them in BUILD_IMAGE and RUNTIME_IMAGE, as in `docker build --build-arg`.
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
