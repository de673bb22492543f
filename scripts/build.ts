import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { join, relative } from "node:path";
import { buildKit } from "./build-kit.ts";
import { bundleCulvert, bundleRelay, CULVERT_BUNDLE, KIT_DIRECTORY, RELAY_BUNDLE } from "./bundle.ts";

const BUILDS = [
  { name: "kit", build: buildKit, path: join(KIT_DIRECTORY, "gateway/index.js") },
  { name: "relay", build: bundleRelay, path: RELAY_BUNDLE },
  { name: "culvert", build: bundleCulvert, path: CULVERT_BUNDLE },
];

/** `relay`, `culvert` or `kit` builds only that. */
const only = process.argv[2];
const builds = BUILDS.filter(({ name }) => only === undefined || name === only);
await Promise.all(builds.map(({ build }) => build()));
for (const { path } of builds) {
  const bytes = await readFile(path);
  console.log(
    `${relative(process.cwd(), path)}  ${kib(bytes.length)}, ${kib(gzipSync(bytes).length)} gzipped`,
  );
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
