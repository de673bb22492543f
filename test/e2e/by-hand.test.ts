import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const OWN = new Set([".culvert", ".git", ".wrangler"]);
/** The test project was built already, and other tests use the result. */
const NPM = `#!/bin/sh
[ "$1 $2" = "run build" ] && exit 0
[ "$1 $2" = "run relay" ] && exec npm-itself "$@" -- --port "$RELAY_PORT"
exec npm-itself "$@"
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-by-hand-"));
  const checkout = join(directory, "checkout");
  await mkdir(checkout);
  for (const name of await readdir(root))
    if (!OWN.has(name)) await symlink(join(root, name), join(checkout, name));
  const bin = join(directory, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "npm"), NPM, { mode: 0o755 });
  const npm = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "npm"));
  await symlink(await firstOf(npm), join(bin, "npm-itself"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it(
  "README's By hand, pasted into one terminal, ends with a request answered",
  { timeout: 120_000 },
  async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, block = "", ending = ""] =
      /^## By hand\n[^]*?^```sh\n([^]*?)^```\n\n`(kill [^`]+)`/m.exec(readme) ?? [];
    expect(block).toContain("curl ");
    const [relay, api, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
    // Other test runs on this machine use the default ports, which are free on a new user's machine.
    const pasted = `${block.replaceAll("8787", String(relay)).replaceAll("9000", String(api))}
printf '\\nthe end\\n'
${ending}
`;
    const shell = spawn("bash", ["--noprofile", "--norc"], {
      cwd: join(directory, "checkout"),
      env: {
        PATH: `${join(directory, "bin")}:${process.env["PATH"]}`,
        HOME: directory,
        RELAY_PORT: String(relay),
        TUNNEL_METRICS: `127.0.0.1:${metrics}`,
      },
      stdio: ["pipe", "pipe", "pipe"],
      // Ends everything that it started, in case it hangs.
      detached: true,
    });
    const limit = setTimeout(() => process.kill(-(shell.pid ?? 0), "SIGKILL"), 100_000);
    const told = { out: "", err: "" };
    shell.stdout.on("data", (chunk: Buffer) => (told.out += chunk.toString()));
    shell.stderr.on("data", (chunk: Buffer) => (told.err += chunk.toString()));
    shell.stdin.end(pasted);
    await once(shell, "close");
    clearTimeout(limit);
    const [, answer] = /\n(\{[^\n]*\})\s*the end/.exec(told.out) ?? [];
    expect(answer, `${told.out}\n${told.err}`).toBeDefined();
    expect(JSON.parse(answer ?? "")).toMatchObject({ charges: expect.any(Array) });
  },
);

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths) if ((await readFile(path).catch(() => null)) !== null) return path;
  throw new Error("there is no npm");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
