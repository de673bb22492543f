import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** How many processes run at once. */
const LANES = 24;
const TIMED_OUT = 28;
const MAX_TRIES = 5;

export interface CurlRequest {
  port: number;
  path: string;
  method: string;
  patienceMs: number;
}

export interface CurlAnswer {
  /** The status of the last head, even of a 1xx; 0 if there was none. */
  status: number;
  body: string;
  isWhole: boolean;
  timedOut: boolean;
}

/** Null if curl is not installed. */
export function curlVersion(): string | null {
  const { status, stdout } = spawnSync("curl", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout : null;
}

/** Sends each request on its own connection. `settings` are lines of curl's configuration. */
export async function askCurl(
  requests: readonly CurlRequest[],
  settings: readonly string[],
): Promise<CurlAnswer[]> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-curl-"));
  const answers: CurlAnswer[] = [];
  const runAll = async (lane: readonly number[]): Promise<void> => {
    // curl ends at some answers, but only after it has printed their line.
    for (let next = 0; next < lane.length; next += 1) {
      const said = await run(lane.slice(next).map((at) => linesOf(at).join("\n")));
      for (const line of said) {
        const [at = 0, status = 0, exit = 0] = line.split(" ").map(Number);
        answers[at] = { status, body: await bodyOf(at), isWhole: exit === 0, timedOut: exit === TIMED_OUT };
        next = lane.indexOf(at);
      }
    }
  };
  const fileOf = (at: number) => join(directory, String(at));
  const bodyOf = async (at: number): Promise<string> =>
    // curl writes no file for an empty body.
    requests[at]?.method === "HEAD" ? "" : readFile(fileOf(at), "latin1").catch(() => "");
  const linesOf = (at: number): string[] => {
    const { port, path, method, patienceMs } = requests[at] as CurlRequest;
    return [
      // curl reuses connections by host name, so each request gets a name of its own.
      `url = "http://request-${at}.invalid${path}"`,
      `connect-to = "::127.0.0.1:${port}"`,
      method === "HEAD" ? "head" : `request = "${method}"`,
      'noproxy = "*"',
      "silent",
      `max-time = ${patienceMs / 1_000}`,
      `output = "${fileOf(at)}"`,
      String.raw`write-out = "${at} %{http_code} %{exitcode}\n"`,
      ...settings,
    ];
  };
  try {
    const all = [...requests.keys()];
    const lanes = Array.from({ length: LANES }, (_, lane) => all.filter((at) => at % LANES === lane));
    await Promise.all(lanes.filter((lane) => lane.length > 0).map(runAll));
    return answers;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Sends many requests in one process, one after another, and prints a line for each. curl's own --parallel ends at the
 * first failure.
 */
async function run(requests: readonly string[], triesLeft = MAX_TRIES - 1): Promise<string[]> {
  const child = spawn("curl", ["--config", "-"], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {});
  child.stdin.end(requests.join("\nnext\n"));
  const [said, problem] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = said.split("\n").filter((line) => line !== "");
  if (lines.length > 0) return lines;
  // A machine that is short of memory may fail to start it.
  if (triesLeft === 0) throw new Error(`curl said nothing: ${problem}`);
  return run(requests, triesLeft - 1);
}
