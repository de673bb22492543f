import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import { GroupProcess } from "../support/group-process.ts";
import { outerEnvironment } from "../support/outer-environment.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
/** Generous, because the cases of this file share the machine. */
const TIMEOUT_MS = 180_000;
vi.setConfig({ hookTimeout: TIMEOUT_MS });
/** The most that the package may add to a gateway's bundle. */
const MAX_GATEWAY_DOOR_BYTES = 4_000;

let directory: string;
/** A project outside the tree, with the result of `npm pack` installed. */
let project: string;
/** A copy of the template, with the same package. */
let template: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-package-"));
  project = join(directory, "outside");
  template = join(directory, "template");
  await mkdir(project);
  // All end-to-end tests share one build. `prepack` would build again.
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", project];
  const packed = await run("npm", pack, { cwd: root });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  await writeFile(join(project, "package.json"), '{ "name": "outside", "private": true, "type": "module" }');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${filename}`], { cwd: project });
  await cp(join(root, "templates/gateway"), template, { recursive: true });
  await cp(join(project, "node_modules/culvert-tunnel"), join(template, "node_modules/culvert-tunnel"), {
    recursive: true,
  });
  // The peer dependency, as the project would install it, and the template's other dependencies.
  await link(project, ["wrangler", "@cloudflare", "@types"]);
  await link(template, ["wrangler", "@cloudflare", "@types", "vitest", "typescript"]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function link(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
}

async function node(name: string, script: string): Promise<unknown> {
  const file = join(project, `${name}.js`);
  await writeFile(file, script);
  const { stdout } = await run(process.execPath, [file], { cwd: project, timeout: TIMEOUT_MS });
  return JSON.parse(stdout);
}

describe.concurrent("the package", { timeout: TIMEOUT_MS }, () => {
  it("installs without a dependency, and both bins run", async () => {
    const installed = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as {
      packages: object;
    };
    expect(Object.keys(installed.packages)).toEqual(["", "node_modules/culvert-tunnel"]);
    for (const name of ["culvert", "culvert-tunnel"]) {
      expect((await run(join(project, "node_modules/.bin", name), ["--version"])).stdout).toMatch(
        /^\d+\.\d+\.\d+/,
      );
    }
  });

  it("adds less than 4 kB to a gateway Worker's bundle", async () => {
    const entry = join(project, "gateway.js");
    await writeFile(entry, 'export * from "culvert-tunnel/gateway";\n');
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
    const bytes = outputFiles[0]?.contents.length ?? Infinity;
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThan(MAX_GATEWAY_DOOR_BYTES);
  });

  it("reads the tunnel's failures with culvert-tunnel/gateway", async () => {
    const seen = await node(
      "failures",
      `
      import { tunnelError, TUNNEL_ERROR_CODES } from "culvert-tunnel/gateway";
      const response = new Response("", { status: 503, headers: { "culvert-error": "NO_CONNECTOR" } });
      console.log(JSON.stringify([tunnelError(response), TUNNEL_ERROR_CODES.includes("ACCESS_DENIED")]));`,
    );
    expect(seen).toMatchObject([{ code: "NO_CONNECTOR", status: 503, retryable: true }, true]);
  });

  it("runs a twin with culvert-tunnel/testing", async () => {
    await mkdir(join(project, "src"), { recursive: true });
    await writeFile(
      join(project, "src/index.ts"),
      `import { tunnelError, type TunnelBinding } from "culvert-tunnel/gateway";
       export default {
         async fetch(request: Request, env: { TUNNEL: TunnelBinding }): Promise<Response> {
           const response = await env.TUNNEL.fetch("http://payments-api-prod/v1", request);
           const failure = tunnelError(response);
           return failure === null ? response : new Response(failure.code, { status: 502 });
         },
       };`,
    );
    const seen = await node(
      "twin",
      `
      import { startTwin, fakeTunnel } from "culvert-tunnel/testing";
      const twin = await startTwin({
        gateway: { entry: "./src/index.ts" },
        services: { "payments-api-prod": () => new Response("from the service") },
      });
      const texts = [await (await twin.fetch("/")).text()];
      twin.fail("payments-api-prod", "UPSTREAM_REFUSED");
      texts.push(await (await twin.fetch("/")).text());
      await twin.stop();
      const fake = fakeTunnel({ services: { "payments-api-prod": () => new Response("faked") } });
      texts.push(await (await fake(new Request("http://payments-api-prod/"))).text());
      texts.push((await fake(new Request("http://other-api/"))).headers.get("culvert-error"));
      console.log(JSON.stringify(texts));`,
    );
    expect(seen).toEqual(["from the service", "UPSTREAM_REFUSED", "faked", "UNKNOWN_SERVICE"]);
  });

  it("says what is wrong with a connector's options, and drains one that never attached", async () => {
    const seen = await node(
      "connector",
      `
      import { startConnector } from "culvert-tunnel/connector";
      const problem = await startConnector({ token: "culvert_x", allow: "a b" }).catch((error) => error.message);
      console.log(JSON.stringify(problem));`,
    );
    expect(seen).toBe(
      "startConnector: token: not a culvert token: cut short, or something was added\n" +
        "startConnector: allow: entry 1: not a valid host name",
    );
  });

  it("contains the built relay with a configuration", async () => {
    const relay = join(project, "node_modules/culvert-tunnel/relay");
    expect((await stat(join(relay, "index.js"))).size).toBeGreaterThan(100_000);
    const files = (await readdir(relay)).filter((name) => name !== ".dev.vars");
    expect(files.sort()).toEqual(["index.js", "port", "wrangler.jsonc"]);
    const { stdout } = await run(
      process.execPath,
      [
        join(root, "node_modules/wrangler/bin/wrangler.js"),
        "deploy",
        "--dry-run",
        "-c",
        join(relay, "wrangler.jsonc"),
      ],
      { cwd: project, env: { ...process.env, WRANGLER_SEND_METRICS: "false" }, timeout: TIMEOUT_MS },
    );
    expect(stdout).toContain("env.TUNNEL");
  });

  it("contains a relay that carries requests next to one's own wrangler dev", async () => {
    const own = join(project, "own");
    const relay = join(project, "node_modules/culvert-tunnel/relay");
    const adminKey = randomBytes(32).toString("base64url");
    const configured = (tunnel: string): Promise<void> => {
      const props = { tunnel, project: "my-project", environment: "production" };
      const binding = { binding: "TUNNEL", service: "culvert", entrypoint: "TunnelBinding", props };
      const config = { name: "own", main: "index.js", compatibility_date: "2026-11-17", services: [binding] };
      return writeFile(join(own, "wrangler.jsonc"), JSON.stringify(config));
    };
    await mkdir(own);
    await configured(`tnl_${"a".repeat(20)}`);
    await writeFile(
      join(own, "index.js"),
      'export default { fetch: (request, { TUNNEL }) => TUNNEL.fetch("http://node-api/orders", request) };',
    );
    await writeFile(join(relay, ".dev.vars"), `ADMIN_KEY=${adminKey}\n`);
    const upstream = createServer((request, response) => response.end(`private ${request.url}`));
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const { port } = upstream.address() as AddressInfo;
    const processes: GroupProcess[] = [];
    const wrangler = (...args: string[]): GroupProcess => {
      const started = new GroupProcess(
        [
          join(root, "node_modules/wrangler/bin/wrangler.js"),
          "dev",
          "--port",
          "0",
          "--inspector-port",
          "0",
          ...args,
        ],
        own,
        // Other processes on this machine may run a Worker with that name.
        { WRANGLER_REGISTRY_PATH: join(own, "registry"), WRANGLER_SEND_METRICS: "false", CI: "1" },
      );
      processes.push(started);
      return started;
    };
    try {
      const gateway = wrangler("-c", "wrangler.jsonc", "-c", join(relay, "wrangler.jsonc"));
      const door = wrangler("-c", join(relay, "port/wrangler.jsonc"));
      const [gatewayUrl, relayUrl] = [await gateway.url(), await door.url()];
      const api = async (method: string, path: string, body: object): Promise<Record<string, string>> => {
        const headers = { authorization: `Bearer ${adminKey}` };
        const response = await fetch(`${relayUrl}/v1${path}`, {
          method,
          headers,
          body: JSON.stringify(body),
        });
        return (await response.json()) as Record<string, string>;
      };
      const answers = async (url: string, text: string): Promise<boolean> => {
        const response = await fetch(url).catch(() => null);
        return (await response?.text())?.includes(text) ?? false;
      };
      await eventually("the door to find the relay", TIMEOUT_MS, () => answers(`${relayUrl}/healthz`, "ok"));
      const { id = "", token = "" } = await api("POST", "/tunnels", { name: "own" });
      await api("PUT", `/tunnels/${id}/services-configuration`, {
        version: 1,
        services: [
          {
            ...{ name: "node-api", endpoint: `http://127.0.0.1:${port}` },
            configurations: [{ project: "my-project", accessibleBy: "production" }],
          },
        ],
      });
      await configured(id);
      const settings = { TUNNEL_TOKEN: token, TUNNEL_ALLOW: "127.0.0.1", TUNNEL_METRICS: "127.0.0.1:0" };
      const culvert = join(project, "node_modules/culvert-tunnel/dist/culvert.js");
      processes.push(new GroupProcess([culvert, "connect"], own, settings));
      await eventually("the gateway's request to arrive", TIMEOUT_MS, () =>
        answers(gatewayUrl, "private /orders"),
      );
    } finally {
      for (const started of processes) started.end();
      upstream.close();
    }
  });

  it("is typed for a compiler that checks libraries too", async () => {
    await writeFile(
      join(project, "typed.ts"),
      `import { startTwin, type Twin } from "culvert-tunnel/testing";
       import { startConnector, type RunningConnector } from "culvert-tunnel/connector";
       import { tunnelError, type TunnelErrorCode } from "culvert-tunnel/gateway";
       export const twin: Promise<Twin> = startTwin({ gateway: "wrangler.jsonc", services: { one: "http://127.0.0.1:1" } });
       export const connector: Promise<RunningConnector> = startConnector({ allow: ["127.0.0.1:1"], tokenFile: "t" });
       export const code: TunnelErrorCode | "UNKNOWN" | undefined = tunnelError(new Response())?.code;
       // @ts-expect-error -- no code of the closed list
       export const wrong: TunnelErrorCode = "SOMETHING_ELSE";`,
    );
    const compilerOptions = {
      ...{ module: "NodeNext", moduleResolution: "NodeNext", target: "ES2024", strict: true, noEmit: true },
      ...{
        skipLibCheck: false,
        types: ["node"],
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: false,
      },
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["typed.ts"] }));
    const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", project]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });
});

describe.concurrent("the template", { timeout: TIMEOUT_MS }, () => {
  const start = (program: string, ...args: string[]) =>
    run(process.execPath, [join(template, "node_modules", program), ...args], {
      ...{ cwd: template, env: outerEnvironment(), timeout: TIMEOUT_MS },
    }).catch((error: { stdout: string; stderr: string }) => error);

  it("names the versions that it is tested with", async () => {
    const read = async (path: string) =>
      (await import(join(path, "package.json"), { with: { type: "json" } })) as {
        default: { version: string; devDependencies: Record<string, string> };
      };
    const { devDependencies } = (await read(template)).default;
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

  it("can be deployed, as far as that can be tested without an account", async () => {
    const { stdout, stderr } = await start("wrangler/bin/wrangler.js", "deploy", "--dry-run");
    expect(stdout + stderr).toMatch(/env\.TUNNEL/);
  });
});
