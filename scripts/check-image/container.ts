import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../demo/eventually.ts";
import { command } from "./command.ts";

/** Does what an engine does with `--read-only --security-opt no-new-privileges`, on the host's network. */
const ENTER = `
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
`;

export interface Container {
  /** The output of its first process so far. */
  output: () => string;
  exited: Promise<number | null>;
  /** Sends a signal to the container's first process. */
  signal: (name: NodeJS.Signals) => void;
  /** Runs a program in the container, as the user of the first process. Throws if it fails. */
  exec: (program: readonly string[]) => Promise<string>;
  /** Resolves once it is gone. */
  kill: () => Promise<void>;
}

/** Runs a program as the first process of a container. `root` is its root file system, which is read-only. */
export async function startContainer(options: {
  root: string;
  user: string;
  program: readonly string[];
  environment: Record<string, string>;
}): Promise<Container> {
  for (const folder of ["proc", "dev"]) await mkdir(join(options.root, folder), { recursive: true });
  const isolation = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  const child = spawn(
    "unshare",
    [...isolation, "sh", "-euc", ENTER, "enter", options.root, options.user, ...options.program],
    { env: { PATH: process.env["PATH"], ...options.environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  }
  const exited = once(child, "close").then(([code]) => code as number | null);
  const firstProcess = await eventually("the container's first process", 10_000, async () => {
    if (child.exitCode !== null) throw new Error(`the container ended:\n${output}`);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    return Number(children.trim().split(" ")[0]) || null;
  });
  const [uid = "", gid = ""] = options.user.split(":");
  return {
    output: () => output,
    exited,
    signal: (name) => void process.kill(firstProcess, name),
    exec: (program) => {
      const inside = ["--target", String(firstProcess), "--mount", "--pid", "--root", "--wd=/"];
      return command("nsenter", [...inside, "--setuid", uid, "--setgid", gid, "--", ...program], {
        environment: options.environment,
      });
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
