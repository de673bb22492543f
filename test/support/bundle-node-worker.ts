import { builtinModules } from "node:module";
import { build, type Plugin } from "esbuild";

/** Packages import or `require` Node's modules with or without `node:`; workerd only accepts `import "node:NAME"`. */
const nodeModules: Plugin = {
  name: "node-modules",
  setup(builder) {
    const names = builtinModules.filter((name) => !name.startsWith("_") && !name.startsWith("node:"));
    const filter = new RegExp(`^(?:node:)?(?:${names.join("|")})$`);
    builder.onResolve({ filter }, ({ path, kind }) => {
      const name = `node:${path.replace(/^node:/, "")}`;
      return kind === "require-call"
        ? { path: name, namespace: "required" }
        : { path: name, external: true, sideEffects: false };
    });
    builder.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `import all from "${path}"; module.exports = all;`,
    }));
    // `pg` loads it only if it is installed.
    builder.onResolve({ filter: /^pg-native$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Bundles a Worker with `nodejs_compat` and its npm packages into one ES module. */
export async function bundleNodeWorker(entry: string, outfile: string): Promise<void> {
  await build({
    ...{ entryPoints: [entry], outfile, bundle: true, format: "esm", platform: "neutral", target: "es2024" },
    ...{ conditions: ["workerd", "worker", "browser"], mainFields: ["module", "main"] },
    ...{ external: ["cloudflare:*"], plugins: [nodeModules], logLevel: "warning" },
  });
}
