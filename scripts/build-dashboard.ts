import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Asset } from "../worker/dashboard/asset.ts";

const root = join(import.meta.dirname, "..");
const MODULE = join(root, "worker/dashboard/assets.generated.ts");
const TYPES = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };

/** Bundles the dashboard for the browser: one script and one style sheet. */
export async function bundleDashboard(): Promise<{ script: Asset; style: Asset; gzipBytes: number }> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "dashboard/main.tsx"), join(root, "dashboard/style.css")],
    outdir: join(root, "dist/dashboard"),
    entryNames: "[name]-[hash]",
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "hono/jsx/dom",
    legalComments: "inline",
    logLevel: "warning",
  });
  const assetOf = (extension: keyof typeof TYPES): Asset => {
    const file = outputFiles.find(({ path }) => path.endsWith(`.${extension}`));
    if (file === undefined) throw new Error(`the build of dashboard/ produced no .${extension}`);
    return { name: basename(file.path), type: TYPES[extension], text: file.text };
  };
  const script = assetOf("js");
  const style = assetOf("css");
  const gzipBytes = [script, style].reduce((sum, { text }) => sum + gzipSync(text).length, 0);
  return { script, style, gzipBytes };
}

/** Writes the module that the relay embeds, but only if it changes, because other processes may be reading it. */
export async function buildDashboard(): Promise<void> {
  const { script, style } = await bundleDashboard();
  const text = `// Made by scripts/build-dashboard.ts from dashboard/.
import type { Asset } from "./asset.ts";

export const SCRIPT = ${JSON.stringify(script.name)};
export const STYLE = ${JSON.stringify(style.name)};
export const ASSETS: readonly Asset[] = ${JSON.stringify([script, style])};
`;
  if ((await readFile(MODULE, "utf8").catch(() => "")) === text) return;
  const written = `${MODULE}.${process.pid}`;
  await writeFile(written, text);
  await rename(written, MODULE);
}

if (import.meta.main) await buildDashboard();
