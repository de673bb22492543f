import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleCulvert, bundleRelay, CULVERT_BUNDLE, RELAY_BUNDLE } from "./bundle.ts";

await Promise.all([bundleRelay(), bundleCulvert()]);
for (const path of [RELAY_BUNDLE, CULVERT_BUNDLE]) {
  const bytes = await readFile(path);
  console.log(
    `${relative(process.cwd(), path)}  ${kib(bytes.length)}, ${kib(gzipSync(bytes).length)} gzipped`,
  );
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
