import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const KEPT_LINES = 2000;
const TAIL_LINES = 20;

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The last lines of its output, including standard error. */
  readonly lines: readonly string[];
  /** The exit code; null if a signal ended it. */
  readonly exited: Promise<number | null>;
  running(): boolean;
  /** Discards all further output, because reading lines costs as much CPU as writing them. */
  forgetOutput(): void;
  /** The first line that matches. Throws with the end of the log if the process ends first or `timeoutMs` passes. */
  line(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `graceMs`. Resolves once it is gone. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a process that ends with this one at the latest. */
export function startChild(
  name: string,
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Child {
  const process_ = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const outputs = [process_.stdout, process_.stderr];
  const readers = outputs.map((output) =>
    createInterface(output).on("line", (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      for (const watcher of watchers) watcher();
    }),
  );
  let running = true;
  const endWithParent = () => process_.kill("SIGKILL");
  process.once("exit", endWithParent);
  const exited = new Promise<number | null>((resolve) => {
    const end = (code: number | null, problem?: string) => {
      if (problem !== undefined) lines.push(problem);
      running = false;
      process.removeListener("exit", endWithParent);
      for (const watcher of watchers) watcher();
      resolve(code);
    };
    process_.once("error", (error) => end(null, error.message));
    process_.once("close", (code) => end(code));
  });

  const line = (pattern: RegExp, timeoutMs: number) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        finish();
      };
      const fail = (why: string) => settle(() => reject(new Error(withTail(`${name} ${why}`, lines))));
      const look = () => {
        for (const text of lines) {
          const match = pattern.exec(text);
          if (match !== null) return settle(() => resolve(match));
        }
        if (!running) fail("ended before it was ready");
      };
      const timer = setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs);
      watchers.add(look);
      look();
    });

  return {
    name,
    pid: process_.pid ?? -1,
    lines,
    exited,
    running: () => running,
    forgetOutput() {
      for (const reader of readers) reader.close();
      for (const output of outputs) output.resume();
    },
    line,
    signal: (signal) => void process_.kill(signal),
    async stop(graceMs) {
      process_.kill("SIGTERM");
      const timer = new AbortController();
      await Promise.race([exited, sleep(graceMs, null, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
      process_.kill("SIGKILL");
      await exited;
    },
  };
}

/** A message followed by the end of a process's log. */
export function withTail(message: string, lines: readonly string[]): string {
  const tail = lines.slice(-TAIL_LINES).map((line) => `    ${line}`);
  return [message, ...(tail.length > 0 ? ["  the end of its log:", ...tail] : ["  it wrote no log"])].join(
    "\n",
  );
}
