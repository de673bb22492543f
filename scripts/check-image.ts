import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BUILD_IMAGE, debianTree, makeBaseImages, RUNTIME_IMAGE } from "./check-image/base-images.ts";
import { Buildah } from "./check-image/buildah.ts";
import { command } from "./check-image/command.ts";
import { type Container, startContainer } from "./check-image/container.ts";
import { debianVerdicts } from "./check-image/debian-validators.ts";
import { freePort } from "./check-image/free-port.ts";
import { startOneTunnel } from "./check-image/one-tunnel.ts";
import { bundleRelay } from "./bundle.ts";
import { eventually } from "./demo/eventually.ts";

/**
 * Builds the container image without an engine, runs it as an engine would, and checks that it serves. Needs Linux, root
 * and Debian's tools.
 */
const root = join(import.meta.dirname, "..");
const IMAGE = "localhost/culvert-check/culvert";
const MAX_IMAGE_MIB = 160;
const NODE = "/usr/local/bin/node";
const CULVERT = "/usr/local/lib/culvert/culvert.js";
const USER = "65532:65532";

const TOOLS = {
  buildah: "buildah",
  debootstrap: "debootstrap",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
};

function expectThat(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await run();
  console.log(`pass  ${what.padEnd(52)} ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  return result;
}

async function check(directory: string, npmCli: string): Promise<void> {
  const debian = join(directory, "debian");
  const buildah = new Buildah(directory);
  await step("a Debian to start from", () => debianTree(debian));
  await step("base images", () => makeBaseImages(buildah, debian, npmCli));
  const npmCache = join(homedir(), ".npm");
  await step("the Dockerfile builds", () =>
    buildah.build({
      context: root,
      name: IMAGE,
      buildArgs: { BUILD_IMAGE, RUNTIME_IMAGE },
      volumes: existsSync(npmCache) ? [`${npmCache}:/root/.npm`] : [],
    }),
  );
  await step("its configuration is as documented", async () => {
    const config = await buildah.config(IMAGE);
    expectThat("the user", config.User, USER);
    expectThat("the entrypoint", [...config.Entrypoint, ...config.Cmd], [NODE, CULVERT, "connect"]);
    expectThat("the health check", config.Healthcheck.Test, ["CMD", NODE, CULVERT, "ready"]);
    expectThat("the stop signal", config.StopSignal, "SIGTERM");
    expectThat("the port", Object.keys(config.ExposedPorts), ["20241/tcp"]);
    expectThat("the metrics address", config.Env.includes("TUNNEL_METRICS=0.0.0.0:20241"), true);
  });
  const mounted = await buildah.mount(IMAGE);
  await step("it is small and holds no shell", () => expectSmall(mounted));
  await step("it serves, confined, and ends in order", () => expectServing(mounted, directory));
  for (const { what, judge } of await step("Debian's validators", () =>
    debianVerdicts(debian, join(root, "deploy")),
  )) {
    await step(what, judge);
  }
}

async function expectSmall(mounted: string): Promise<void> {
  const mebibytes = Number((await command("du", ["-sm", mounted])).split("\t")[0]);
  if (mebibytes > MAX_IMAGE_MIB) throw new Error(`the image takes ${mebibytes} MiB`);
  const names = (await readdir(mounted, { recursive: true })).map((path) => basename(path));
  const unwanted = ["sh", "bash", "dash", "busybox", "npm", "node_modules", "package.json", ".npm"];
  expectThat(
    "what it should not hold",
    names.filter((name) => unwanted.includes(name)),
    [],
  );
}

async function expectServing(mounted: string, directory: string): Promise<void> {
  const relayBundle = join(directory, "relay.js");
  await bundleRelay(relayBundle);
  const tunnel = await startOneTunnel({ relayBundle, directory });
  let container: Container | null = null;
  try {
    const metrics = `127.0.0.1:${await freePort()}`;
    container = await startContainer({
      root: mounted,
      user: USER,
      program: [NODE, CULVERT, "connect"],
      environment: { ...tunnel.settings, NODE_ENV: "production", TUNNEL_METRICS: metrics },
    });
    const { exec, exited, signal, output } = container;
    await eventually("a healthy container", 20_000, () =>
      exec([NODE, CULVERT, "ready"]).then(
        () => true,
        () => false,
      ),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${output()}`);
    });
    expectThat("the answer", await tunnel.call(), { status: 200, text: "served /now" });

    const status = await exec([NODE, "-p", "require('fs').readFileSync('/proc/1/status', 'utf8')"]);
    expectThat("its user", /^Uid:\t(.*)$/m.exec(status)?.[1], Array(4).fill("65532").join("\t"));
    expectThat("its groups", /^Groups:\t(.*)$/m.exec(status)?.[1]?.trim(), "");
    expectThat("its capabilities", /^CapEff:\t0+$/m.test(status), true);
    expectThat("no new privileges", /^NoNewPrivs:\t1$/m.test(status), true);
    const write = "try { require('fs').writeFileSync('/x', ''); } catch (e) { console.log(e.code); }";
    expectThat("a write", (await exec([NODE, "-e", write])).trim(), "EROFS");

    const held = tunnel.call({ hold: true });
    await tunnel.untilHeld(1);
    signal("SIGTERM");
    await eventually("the drain", 5_000, () => output().includes("draining"));
    tunnel.release();
    expectThat("the answer while it drains", await held, { status: 200, text: "served /held" });
    expectThat("the exit code", await exited, 0);
  } finally {
    await container?.kill();
    await tunnel.stop();
  }
}

const npmCli = process.env["npm_execpath"];
const missing = Object.entries(TOOLS).filter(([tool]) => spawnSync(tool, ["--version"]).error !== undefined);
if (process.platform !== "linux" || process.getuid?.() !== 0) {
  console.log("SKIP check:image: needs Linux and root, for chroot and mounts");
} else if (missing.length > 0 || npmCli === undefined) {
  const packages = [...new Set(missing.map(([, name]) => name))].join(" ");
  console.log(
    npmCli === undefined
      ? "SKIP check:image: start it as `npm run check:image`"
      : `SKIP check:image: missing tools; apt-get install ${packages}`,
  );
} else {
  const directory = await mkdtemp(join(tmpdir(), "culvert-image-"));
  try {
    await mkdir(join(directory, "relay"));
    await check(directory, npmCli);
    console.log("check:image: all passed");
  } catch (error) {
    console.log(`FAIL  ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
