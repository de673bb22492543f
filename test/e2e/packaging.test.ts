import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { freePort } from "../../scripts/check-image/free-port.ts";
import { type OneTunnel, startOneTunnel } from "../../scripts/check-image/one-tunnel.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { OtlpReceiver } from "../support/servers/otlp-receiver.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

let directory: string;
let tunnel: OneTunnel;
let collector: OtlpReceiver;
let commands: Record<"bundle" | "executable", readonly [string, ...string[]]>;
/** Built while other tests run. Tests that need it await this. */
let executableMade: Promise<unknown>;
const started: Child[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-packaging-"));
  collector = await new OtlpReceiver().start();
  // Outside the project, so that neither can use its node_modules or its package.json.
  const bundle = join(directory, "culvert.js");
  const executable = join(directory, "culvert");
  await copyFile(CULVERT_BUNDLE, bundle);
  commands = { bundle: [process.execPath, bundle], executable: [executable] };
  executableMade = run(process.execPath, [join(root, "scripts/sea.ts"), "--outfile", executable]);
  executableMade.catch(() => {});
  tunnel = await startOneTunnel({ relayBundle: RELAY_BUNDLE, directory });
});

afterAll(async () => {
  await executableMade?.catch(() => {});
  await Promise.all(started.map((child) => child.stop(1_000)));
  await tunnel?.stop();
  collector?.close();
  await rm(directory, { recursive: true, force: true });
});

async function connect(kind: keyof typeof commands): Promise<{ child: Child; metrics: string }> {
  if (kind === "executable") await executableMade;
  const [program, ...args] = commands[kind];
  const metrics = `127.0.0.1:${await freePort()}`;
  const child = startChild(kind, program, [...args, "connect"], {
    ...tunnel.settings,
    TUNNEL_METRICS: metrics,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    NODE_OPTIONS: "",
  });
  started.push(child);
  return { child, metrics };
}

function isReady(kind: keyof typeof commands, metrics: string): boolean {
  const [program, ...args] = commands[kind];
  return spawnSync(program, [...args, "ready", "--metrics", metrics]).status === 0;
}

async function autoscalingMetric(): Promise<string> {
  const file = await readFile(join(root, "deploy/kubernetes/horizontal-pod-autoscaler.yaml"), "utf8");
  const { spec } = parse(file) as { spec: { metrics: { pods: { metric: { name: string } } }[] } };
  return spec.metrics[0]?.pods.metric.name ?? "";
}

/** The CPU time of a process so far, in milliseconds. It does not depend on how busy the machine is. */
async function workMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  // utime and stime, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

describe.concurrent("install.sh", { timeout: 180_000 }, () => {
  const sh = async (args: readonly string[], input: string, env: Record<string, string>) => {
    const child = spawn("sh", args, { env: { ...process.env, ...env } });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Buffer) => (output += bytes));
    // A script that ends without reading closes its input.
    child.stdin.on("error", () => {}).end(input);
    const [status] = (await once(child, "close")) as [number | null];
    return { status, output };
  };
  const install = (destination: string, input: string, ...args: string[]) =>
    sh([join(root, "deploy/install.sh"), ...args], input, { DESTDIR: destination });
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  const exists = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );

  it("installs a program whose checksum is right, keeps the token to root, and removes all of it again", async () => {
    const destination = join(directory, "host");
    const binary = commands.bundle[1] ?? "";
    const sha256 = createHash("sha256")
      .update(await readFile(binary))
      .digest("hex");
    const token = `${tunnel.settings["TUNNEL_TOKEN"]}\n`;
    const first = await install(destination, token, "--binary", binary, "--sha256", sha256, "--token-stdin");
    expect(first).toMatchObject({ status: 0 });
    expect(first.output).toContain("set TUNNEL_ALLOW");
    expect(first.output).not.toContain(token.trim());

    const program = join(destination, "usr/local/bin/culvert");
    const settings = join(destination, "etc/culvert");
    const unit = join(destination, "etc/systemd/system/culvert@.service");
    expect((await run(program, ["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}\n$/);
    expect(await readFile(join(settings, "token"), "utf8")).toBe(token);
    expect(await modeOf(join(settings, "token"))).toBe("600");
    expect(await modeOf(settings)).toBe("700");
    expect(await modeOf(unit)).toBe("644");

    await writeFile(join(settings, "culvert.env"), "TUNNEL_ALLOW=kept\n");
    // An upgrade inside `while read host`: the script must not read the list.
    expect((await install(destination, "host-1\nhost-2\n", "--binary", binary)).status).toBe(0);
    expect(await readFile(join(settings, "culvert.env"), "utf8")).toBe("TUNNEL_ALLOW=kept\n");
    expect(await readFile(join(settings, "token"), "utf8")).toBe(token);

    expect((await install(destination, "", "--uninstall")).status).toBe(0);
    expect([await exists(program), await exists(unit), await exists(settings)]).toEqual([false, false, true]);
    expect((await install(destination, "", "--uninstall", "--purge")).status).toBe(0);
    expect(await exists(settings)).toBe(false);
  });

  it.each([
    ["a list of hosts", "host-1\nhost-2\n"],
    ["the rest of a script", "fi\necho canary\n"],
    ["nothing", ""],
  ])("does not accept %s as a token, and keeps what is installed", async (name, input) => {
    const destination = join(directory, `kept-${name.replaceAll(" ", "-")}`);
    const settings = join(destination, "etc/culvert");
    await mkdir(settings, { recursive: true });
    await writeFile(join(settings, "token"), "the old one\n");
    const binary = commands.bundle[1] ?? "";
    const { status, output } = await install(destination, input, "--binary", binary, "--token-stdin");
    expect(status).toBe(1);
    expect(output).toContain("what came on standard input is no token: ");
    expect(output).not.toContain("canary");
    expect(await readFile(join(settings, "token"), "utf8")).toBe("the old one\n");
    expect(await readdir(settings)).toEqual(["token"]);
    expect(await exists(join(destination, "usr/local/bin/culvert"))).toBe(false);
  });

  it("does not read standard input, and never waits for it", async () => {
    const script = `while read -r host; do echo "host $host"; sh "$0" --binary "$1" >/dev/null; done; echo end`;
    const binary = commands.bundle[1] ?? "";
    const args = ["-c", script, join(root, "deploy/install.sh"), binary];
    const { output } = await sh(args, "one\ntwo\n", { DESTDIR: join(directory, "hosts") });
    expect(output).toBe("host one\nhost two\nend\n");
    const open = spawn("sh", [join(root, "deploy/install.sh"), "--binary", binary], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { ...process.env, DESTDIR: join(directory, "open") },
    });
    expect(await once(open, "exit")).toEqual([0, null]);
  });

  it.each([
    { enabled: "1 2 3", args: [], restarted: "1 2 3" },
    { enabled: "", args: [], restarted: "1 2" },
    { enabled: "1 4", args: ["--instances", "2"], restarted: "1 2 4" },
  ])("of enabled connectors $enabled restarts $restarted", async ({ enabled, args, restarted }) => {
    const destination = join(directory, `restarts${restarted.replaceAll(" ", "")}`);
    const folder = join(destination, "etc/culvert");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "token"), "kept\n");
    const calls = join(destination, "calls");
    const systemctl = join(destination, "systemctl");
    await writeFile(
      systemctl,
      `#!/bin/sh
case $1 in
  is-enabled) case " ${enabled} " in *" \${3#culvert@} "*) exit 0 ;; esac; exit 1 ;;
  is-active) exit 3 ;;
  restart) echo "\${2#culvert@}" >>'${calls}' ;;
esac
`,
      { mode: 0o755 },
    );
    const program = join(destination, "program");
    await writeFile(program, "#!/bin/sh\n[ $1 = ready ] || echo 1.2.3\n");
    const command = [join(root, "deploy/install.sh"), "--binary", program, ...args];
    const { status } = await sh(command, "", { DESTDIR: destination, SYSTEMCTL: systemctl });
    expect(status).toBe(0);
    expect((await readFile(calls, "utf8")).trim().split("\n").join(" ")).toBe(restarted);
  });

  it.each([
    { why: "a wrong checksum", args: ["--sha256", "0".repeat(64)], says: /SHA-256 of .* not 0{64}/ },
    { why: "a number of instances that is none", args: ["--instances", "10"], says: /must be 1 to 9/ },
    { why: "an argument it does not know", args: ["--prefix"], says: /unknown argument --prefix/ },
  ])("refuses $why and installs nothing", async ({ args, says }) => {
    const destination = join(directory, `refused${args[0]}`);
    const { status, output } = await install(destination, "", "--binary", commands.bundle[1] ?? "", ...args);
    expect(status).toBe(1);
    expect(output).toMatch(says);
    expect(await exists(join(destination, "usr/local/bin/culvert"))).toBe(false);
    expect(await exists(join(destination, "usr/local/bin/culvert-unfinished"))).toBe(false);
  });

  it("refuses a program that does not run on this host", async () => {
    const broken = join(directory, "broken");
    await writeFile(broken, "#!/no/such/interpreter\n");
    const { status, output } = await install(join(directory, "refused"), "", "--binary", broken);
    expect(status).toBe(1);
    expect(output).toContain("does not run on this host");
  });
});

describe.skipIf(spawnSync("systemd-analyze", ["--version"]).status !== 0)("the systemd unit", () => {
  const analyze = async (verb: readonly string[], unit: string) => {
    const folder = join(directory, `unit-${verb[0]}`);
    await mkdir(folder, { recursive: true });
    const path = join(folder, "culvert@1.service");
    // The program is not installed on the test's machine.
    await writeFile(path, unit.replace("/usr/local/bin/culvert", "/bin/true"));
    const { status, stdout, stderr } = spawnSync("systemd-analyze", [...verb, path], { encoding: "utf8" });
    return { status, output: stdout + stderr };
  };
  const unit = () => readFile(join(root, "deploy/systemd/culvert@.service"), "utf8");

  it("is valid for systemd to the last line", async () => {
    expect(await analyze(["verify"], await unit())).toEqual({ status: 0, output: "" });
    const misspelt = (await unit()).replace("DynamicUser=", "DynamicUsr=");
    expect((await analyze(["verify"], misspelt)).output).toContain("DynamicUsr");
  });

  it("is confined by systemd's own measure", async () => {
    const limit = ["security", "--offline=yes", "--threshold=20"];
    expect((await analyze(limit, await unit())).status).toBe(0);
    expect((await analyze(limit, "[Service]\nExecStart=/bin/true\n")).status).not.toBe(0);
  });
});

describe.each(["bundle", "executable"] as const)("the %s", { timeout: 120_000 }, (kind) => {
  it("starts fast: with less work than 25 starts of an empty Node", async () => {
    const empty = "console.log(process.cpuUsage().user + process.cpuUsage().system)";
    const emptyMs = Number(spawnSync(process.execPath, ["-e", empty]).stdout) / 1_000;
    const startedMs = performance.now();
    const { child } = await connect(kind);
    await child.line(/"connected to the relay"/, 30_000);
    const readyMs = await workMs(child.pid);
    const tookMs = performance.now() - startedMs;
    console.log(
      `the ${kind} was ready after ${tookMs.toFixed(0)} ms, ${readyMs} of work; an empty Node's: ${emptyMs.toFixed(0)}`,
    );
    expect(readyMs).toBeLessThan(25 * emptyMs);
    await child.stop(10_000);
  });

  it("serves, reports that it is ready, finishes accepted requests on SIGTERM, and exits with 0", async () => {
    const { child, metrics } = await connect(kind);
    expect(isReady(kind, `127.0.0.1:${await freePort()}`)).toBe(false);
    // Asked by a process each time: not before it can be.
    await child.line(/"connected to the relay"/, 30_000);
    await eventually("readiness", 20_000, () => isReady(kind, metrics));
    expect(await tunnel.call()).toEqual({ status: 200, text: "served /now" });

    const metricsPage = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(metricsPage).toContain(`# TYPE ${await autoscalingMetric()} gauge`);

    const held = tunnel.call({ hold: true });
    await tunnel.untilHeld(1);
    child.signal("SIGTERM");
    await child.line(/draining/, 30_000);
    tunnel.release();
    expect(await held).toEqual({ status: 200, text: "served /held" });
    expect(await child.exited).toBe(0);
    const traced = collector.spans.splice(0).filter(({ parentSpanId }) => parentSpanId === "");
    expect(traced.map(({ attributes }) => attributes["url.path"])).toEqual(["/now", "/held"]);
  });
});

it("loses no request while one of two connectors is replaced by a newer one", async () => {
  const old = await connect("bundle");
  await connect("bundle");
  await tunnel.untilAttached(2);
  const outcomes = new Map<number, number>();
  let calling = true;
  const caller = async () => {
    while (calling) {
      const { status } = await tunnel.call();
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
    }
  };
  const callers = [caller(), caller(), caller(), caller()];
  try {
    old.child.signal("SIGTERM");
    expect(await old.child.exited).toBe(0);
    await connect("executable");
    await tunnel.untilAttached(2);
    const enough = (outcomes.get(200) ?? 0) + 20;
    await eventually("calls by the newer ones", 30_000, () => (outcomes.get(200) ?? 0) >= enough);
  } finally {
    calling = false;
    await Promise.all(callers);
  }
  expect([...outcomes.keys()]).toEqual([200]);
});
