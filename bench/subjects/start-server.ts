import { join } from "node:path";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import type { Cleanups } from "./subject.ts";

const START_TIMEOUT_MS = 15_000;

/** Runs a file of `bench/servers` until the run ends. Resolves with what it prints after `ready`. */
export async function startServer(
  file: string,
  args: readonly string[],
  cleanups: Cleanups,
): Promise<{ child: Child; url: string }> {
  const path = join(import.meta.dirname, "../servers", file);
  const child = startChild(file, process.execPath, [path, ...args]);
  cleanups.add(() => child.stop(0));
  const [, url = ""] = await child.line(/^ready ?(\S*)$/, START_TIMEOUT_MS);
  return { child, url };
}

/** Starts a delaying proxy in front of `of`, an http URL. Resolves with the proxy's URL. */
export async function startDelayProxy(
  path: { of: string; roundTripMs: number; slowStart: boolean },
  cleanups: Cleanups,
): Promise<string> {
  const model = path.slowStart ? ["slow-start"] : [];
  const args = [new URL(path.of).host, String(path.roundTripMs), ...model];
  return (await startServer("delay-proxy.ts", args, cleanups)).url;
}
