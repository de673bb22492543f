import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { basename } from "node:path";

/** The diagnostics channel on which Node reports each child process that it creates. */
const CHANNEL = "child_process";

/**
 * Waits for the end of its input, which comes when this process ends. Then it kills the child, and removes Miniflare's
 * folders in which the child has files open, if the system lists those (Linux).
 */
const GUARD = `
read -r _
folders=$(for file in /proc/"$1"/fd/*; do readlink "$file"; done 2>/dev/null |
  sed -n 's|^\\(/.*/miniflare-[0-9a-f]\\{32\\}\\)/.*|\\1|p' | sort -u)
kill -9 "$1"
printf '%s' "$folders" | while IFS= read -r folder || [ -n "$folder" ]; do rm -rf -- "$folder"; done
`;

/**
 * Runs `start`, and makes sure that no workerd started by it outlives this process. wrangler ends them when this process
 * ends normally, but not when it is killed, as test runners do with a worker that hangs.
 */
export async function guardingChildren<T>(start: () => Promise<T>): Promise<T> {
  const onChild = (message: unknown): void => {
    const child = (message as { process: ChildProcess }).process;
    child.once("spawn", () => {
      if (basename(child.spawnfile).startsWith("workerd")) endWithThisProcess(child);
    });
  };
  subscribe(CHANNEL, onChild);
  try {
    return await start();
  } finally {
    unsubscribe(CHANNEL, onChild);
  }
}

function endWithThisProcess(child: ChildProcess): void {
  // Windows has no shell for the guard. There only wrangler ends the child.
  if (process.platform === "win32" || child.pid === undefined || child.exitCode !== null) return;
  const guard = spawn("/bin/sh", ["-c", GUARD, "guard", String(child.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.on("error", () => {});
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  child.once("exit", () => guard.kill("SIGKILL"));
}
