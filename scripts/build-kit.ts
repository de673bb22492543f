import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize, relative } from "node:path";
import { promisify } from "node:util";
import { buildWithId, bundleRelay, bundleTwinRelay, KIT_DIRECTORY } from "./bundle.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const DOORS = ["gateway", "testing", "connector"] as const;

/** CommonJS packages in a bundle call `require` for Node's own modules. */
const REQUIRE = [
  'import { createRequire as culvertCreateRequire } from "node:module";',
  "const require = culvertCreateRequire(import.meta.url);",
].join("\n");

/** Builds everything behind the names `culvert-tunnel/…`: one module and one folder of types for each. */
export async function buildKit(): Promise<void> {
  await Promise.all([bundleDoors(), emitTypes(), bundleTwinRelay(), relayDoor()]);
}

async function bundleDoors(): Promise<void> {
  const common = { bundle: true, format: "esm", legalComments: "none", logLevel: "warning" } as const;
  await buildWithId({
    ...common,
    entryPoints: [join(root, "kit/gateway/index.ts")],
    outfile: join(KIT_DIRECTORY, "gateway/index.js"),
    platform: "neutral",
    target: "es2022",
  });
  await buildWithId({
    ...common,
    entryPoints: ["testing", "connector"].map((door) => join(root, `kit/${door}/index.ts`)),
    outdir: KIT_DIRECTORY,
    outbase: join(root, "kit"),
    platform: "node",
    target: "node22",
    // A gateway must be tested by the wrangler that deploys it, so wrangler is not bundled.
    external: ["wrangler"],
    banner: { js: REQUIRE },
  });
}

/** Writes the type declarations that the package's modules reach, and no others. */
async function emitTypes(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-types-"));
  try {
    const config = join(directory, "tsconfig.json");
    const compilerOptions = {
      ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: directory, rootDir: root },
      ...{ types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
    };
    const files = DOORS.map((door) => join(root, `kit/${door}/index.ts`));
    await writeFile(
      config,
      JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files }),
    );
    await run(join(root, "node_modules/.bin/tsc"), ["-p", config]);
    await rm(join(KIT_DIRECTORY, "types"), { recursive: true, force: true });
    for (const door of DOORS) await copyReached(directory, `kit/${door}/index.d.ts`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const IMPORT = /from "(\.{1,2}\/[^"]+)\.ts"/g;
const NAMES = /(import|export) (type )?\{([^}]*)\} from "(\.{1,2}\/[^"]+)\.ts";/g;

/**
 * `text` with each import from a room's `index.ts` replaced by an import from the file that declares the name. Otherwise
 * the package would contain the types of a whole room, and refer to packages that it does not include.
 */
async function pastDoors(from: string, path: string, text: string): Promise<string> {
  let passed = text;
  for (const [statement, keyword = "", type = "", names = "", target = ""] of text.matchAll(NAMES)) {
    if (!target.endsWith("/index")) continue;
    const door = normalize(join(dirname(path), `${target}.d.ts`));
    const declared = await namesBehind(from, door);
    const direct = names.split(",").flatMap((name) => {
      const [plain = ""] = name
        .trim()
        .replace(/^type /, "")
        .split(" as ");
      if (plain === "") return [];
      const source = declared.get(plain);
      if (source === undefined) throw new Error(`${door} does not export ${plain} from a file by its name`);
      const file = relative(dirname(path), source);
      return `${keyword} ${type}{${name}} from "${file.startsWith(".") ? file : `./${file}`}.ts";`;
    });
    passed = passed.replace(statement, direct.join("\n"));
  }
  return passed;
}

/** The names that a room's `index.ts` exports, each with its file. */
async function namesBehind(from: string, door: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [, , , names = "", target = ""] of (await readFile(join(from, door), "utf8")).matchAll(NAMES)) {
    const file = normalize(join(dirname(door), target));
    for (const name of names.split(",")) found.set(name.trim().replace(/^type /, ""), file);
  }
  return found;
}

/**
 * Copies a declaration from the compiler's folder into the package, with everything that it imports. A user's compiler
 * needs `.js` in the paths.
 */
async function copyReached(from: string, entry: string): Promise<void> {
  const seen = new Set<string>();
  const copy = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await pastDoors(from, path, await readFile(join(from, path), "utf8"));
    const target = join(KIT_DIRECTORY, "types", path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replace(IMPORT, 'from "$1.js"'));
    for (const [, imported = ""] of text.matchAll(IMPORT)) {
      await copy(normalize(join(dirname(path), `${imported}.d.ts`)));
    }
  };
  await copy(entry);
}

/**
 * The built Worker, with a configuration for running it next to a gateway of one's own, and a second one that gives it a
 * port there.
 */
async function relayDoor(): Promise<void> {
  const directory = join(root, "relay");
  await mkdir(directory, { recursive: true });
  await bundleRelay(join(directory, "index.js"));
  for (const part of ["wrangler.jsonc", "port"])
    await cp(join(root, "kit/relay", part), join(directory, part), { recursive: true });
}
