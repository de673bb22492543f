import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { buildDashboard } from "./build-dashboard.ts";

const root = join(import.meta.dirname, "..");

export const RELAY_BUNDLE = join(root, "dist/relay/index.js");
export const CULVERT_BUNDLE = join(root, "dist/culvert.js");

let dashboard: Promise<void> | null = null;

/** Several bundles of one process hold it; made anew while another reads it, it would be half a file. */
function dashboardOnce(): Promise<void> {
  return (dashboard ??= buildDashboard());
}

/** The whole Worker, as `wrangler deploy --no-bundle` and `workerd serve` take it. */
export async function bundleRelay(outfile = RELAY_BUNDLE): Promise<void> {
  await dashboardOnce();
  await bundleWorker(join(root, "worker/index.ts"), outfile);
}

/** What the package's doors are made of; `culvert-tunnel/…` leads here. */
export const KIT_DIRECTORY = join(root, "dist/kit");

/** The Workers of `culvert-tunnel/testing`. */
export async function bundleTwinRelay(directory = join(KIT_DIRECTORY, "testing/relay")): Promise<void> {
  await dashboardOnce();
  await bundleWorker(join(root, "kit/testing/relay.ts"), join(directory, "index.js"));
  await bundleWorker(join(root, "kit/testing/absent-worker.ts"), join(directory, "absent.js"));
}

/** Any Worker as one ES module. */
export async function bundleWorker(entry: string, outfile: string): Promise<void> {
  await bundle({
    entryPoints: [entry],
    outfile,
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*"],
    target: "es2024",
  });
}

/** Connector and admin CLI, for Node >= 22.19 without node_modules. */
export async function bundleCulvert(outfile = CULVERT_BUNDLE): Promise<void> {
  await bundle({
    entryPoints: [join(root, "bin/culvert.ts")],
    outfile,
    platform: "node",
    target: "node22",
    banner: {
      // CommonJS packages in the bundle call `require` for Node's own modules.
      js: [
        "#!/usr/bin/env node",
        'import { createRequire as culvertCreateRequire } from "node:module";',
        "const require = culvertCreateRequire(import.meta.url);",
      ].join("\n"),
    },
  });
  await chmod(outfile, 0o755);
}

/** The same for a single-file executable: Node takes only CommonJS as its main program. */
export async function bundleCulvertForSea(outfile: string): Promise<void> {
  await bundle({
    entryPoints: [join(root, "bin/culvert.ts")],
    outfile,
    platform: "node",
    format: "cjs",
    target: "node24",
    // `dev` alone asks where it lies, and says that it needs the package.
    logOverride: { "empty-import-meta": "silent" },
  });
}

async function bundle(options: BuildOptions): Promise<void> {
  const common = { bundle: true, format: "esm", legalComments: "eof", logLevel: "warning" } as const;
  await buildWithId({ ...common, ...options });
}

/** As long as what it stands for: nothing moves when it is put in. */
const PLACEHOLDER = "culvertbuild";

/** esbuild's `build`, with `CULVERT_BUILD_ID` a digest of what came out: the same sources give the same id. */
export async function buildWithId(options: BuildOptions): Promise<void> {
  const define = { ...options.define, CULVERT_BUILD_ID: JSON.stringify(PLACEHOLDER) };
  const { outputFiles } = await build({ ...options, define, write: false });
  for (const { path, text } of outputFiles) {
    const id = createHash("sha256").update(text).digest("hex").slice(0, PLACEHOLDER.length);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll(PLACEHOLDER, id));
  }
}
