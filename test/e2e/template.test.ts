import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
/** A runner within a runner: this one's own settings are not for it. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$)/.test(name)),
);

/** A copy of the template outside the tree, with what `npm pack` makes. */
let project: string;
const start = (program: string, ...args: string[]) =>
  run(process.execPath, [join(project, "node_modules", program), ...args], {
    ...{ cwd: project, env, timeout: 60_000 },
  }).catch((error: { stdout: string; stderr: string }) => error);

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "culvert-template-"));
  await cp(join(root, "templates/gateway"), project, { recursive: true });
  const packed = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  await mkdir(join(project, "node_modules/culvert-tunnel"), { recursive: true });
  const into = ["-C", join(project, "node_modules/culvert-tunnel"), "--strip-components=1"];
  await run("tar", ["xzf", join(project, filename), ...into]);
  // The others, of the versions that the template names.
  for (const name of ["wrangler", "vitest", "typescript", "@cloudflare", "@types"]) {
    await symlink(join(root, "node_modules", name), join(project, "node_modules", name));
  }
});
afterAll(() => rm(project, { recursive: true, force: true }));

it("names the versions that it is tested with", async () => {
  const read = async (path: string) =>
    (await import(join(path, "package.json"), { with: { type: "json" } })) as {
      default: { version: string; devDependencies: Record<string, string> };
    };
  const { devDependencies } = (await read(project)).default;
  const ours = (await read(root)).default;
  for (const [name, version] of Object.entries(devDependencies)) {
    expect([name, version]).toEqual([name, ours.devDependencies[name]]);
  }
});

it("compiles", async () => {
  const { stdout } = await start("typescript/bin/tsc");
  expect(stdout).toBe("");
});

it("passes its own tests on the twin", async () => {
  const { stdout, stderr } = await start("vitest/vitest.mjs", "run");
  expect(stripVTControlCharacters(stdout + stderr)).toMatch(/Tests\D+4 passed/);
});

it("can be deployed, as far as that goes without an account", async () => {
  const { stdout, stderr } = await start("wrangler/bin/wrangler.js", "deploy", "--dry-run");
  expect(stdout + stderr).toMatch(/env\.TUNNEL/);
});
