import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { buildDashboard } from "./build-dashboard.ts";

const root = join(import.meta.dirname, "..");

export const RELAY_BUNDLE = join(root, "dist/relay/index.js");
export const CULVERT_BUNDLE = join(root, "dist/culvert.js");

let dashboard: Promise<void> | null = null;

/**
 * Several bundles of one process contain the dashboard. If it were written again while another bundle reads it, that one
 * would get half a file.
 */
function dashboardOnce(): Promise<void> {
  return (dashboard ??= buildDashboard());
}

/** Bundles the whole Worker, for `wrangler deploy --no-bundle` and `workerd serve`. */
export async function bundleRelay(outfile = RELAY_BUNDLE): Promise<void> {
  await dashboardOnce();
  await bundleWorker(join(root, "worker/index.ts"), outfile);
}

/** The folder of the package's modules. The names `culvert-tunnel/…` lead here. */
export const KIT_DIRECTORY = join(root, "dist/kit");

/** Bundles the Workers of `culvert-tunnel/testing`. */
export async function bundleTwinRelay(directory = join(KIT_DIRECTORY, "testing/relay")): Promise<void> {
  await dashboardOnce();
  await bundleWorker(join(root, "kit/relay/relay.ts"), join(directory, "index.js"));
  await bundleWorker(join(root, "kit/relay/absent-worker.ts"), join(directory, "absent.js"));
}

/** Bundles any Worker as one ES module. */
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

/**
 * Modules of Node with names that load more of Node when they are read: undici behind `http.WebSocket`, every CA behind
 * `tls`.
 */
const COSTLY_MODULES = /^node:(?:crypto|http|https|tls)$/;

/**
 * `import` of one of Node's modules reads all its names. This plugin leaves out those that are getters, because reading them
 * loads further modules: a sixth of the memory of a connector that has just started.
 */
export const withoutCostlyNames: Plugin = {
  name: "without-costly-names",
  setup(bundling) {
    bundling.onResolve({ filter: COSTLY_MODULES }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin", sideEffects: false } : null,
    );
    bundling.onLoad({ filter: COSTLY_MODULES, namespace: "builtin" }, ({ path }) => {
      const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)));
      const names = properties.flatMap(([name, property]) =>
        "value" in property && /^[a-z]\w*$/i.test(name) ? [name] : [],
      );
      const contents = `const builtin = process.getBuiltinModule(${JSON.stringify(path)});
export default builtin;
export const { ${names.join(", ")} } = builtin;`;
      return { contents };
    });
  },
};

/** Bundles the connector and the admin CLI, for Node >= 22.19 without node_modules. */
export async function bundleCulvert(outfile = CULVERT_BUNDLE): Promise<void> {
  await bundle({
    entryPoints: [join(root, "bin/culvert.ts")],
    outfile,
    platform: "node",
    target: "node22",
    plugins: [withoutCostlyNames],
    // The source stays in memory as long as the process lives, so it is minified. Names are kept and lines are short, so
    // that a stack trace is still useful.
    minifyWhitespace: true,
    lineLimit: 120,
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

/** The same for a single-file executable: Node accepts only CommonJS as its main program. */
export async function bundleCulvertForSea(outfile: string): Promise<void> {
  await bundle({
    entryPoints: [join(root, "bin/culvert.ts")],
    outfile,
    platform: "node",
    format: "cjs",
    target: "node24",
    // Only `culvert dev` needs its own path. In the executable it says that it needs the package.
    logOverride: { "empty-import-meta": "silent" },
  });
}

async function bundle(options: BuildOptions): Promise<void> {
  const common = { bundle: true, format: "esm", legalComments: "eof", logLevel: "warning" } as const;
  await buildWithId({ ...common, ...options });
}

/**
 * esbuild escapes characters outside ASCII everywhere except in comments. With a single one of them, V8 stores the whole
 * source with two bytes for each character.
 */
function inAscii(source: string): string {
  return source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, (comment) =>
    comment.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** As long as the build id that replaces it, so that no offset changes. */
const PLACEHOLDER = "culvertbuild";

/** Runs esbuild's `build`, and sets `CULVERT_BUILD_ID` to a digest of the result: the same sources give the same id. */
export async function buildWithId(options: BuildOptions): Promise<void> {
  const define = { ...options.define, CULVERT_BUILD_ID: JSON.stringify(PLACEHOLDER) };
  const { outputFiles } = await build({ ...options, define, write: false });
  for (const { path, text } of outputFiles) {
    const id = createHash("sha256").update(text).digest("hex").slice(0, PLACEHOLDER.length);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, inAscii(text.replaceAll(PLACEHOLDER, id)));
  }
}
