import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);
const SAMPLES_PER_SECOND = 2000;
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

/** The kinds of samples. A sample belongs to the first kind that matches any function of its stack. */
const KINDS: readonly [kind: string, functions: RegExp][] = [
  [
    "garbage collection",
    /Heap::CollectGarbage|MinorGCJob|ConcurrentMarking|Sweeper|ScavengerJob|JobTaskWrapper/,
  ],
  ["compiling", /OptimizedCompilationJob|OptimizingCompile|Compiler::|Turboshaft|Maglev/],
  ["WebSocket out", /LegacyWebSocketAdapter|WebSocketImpl::send/],
  ["WebSocket in: frames", /WebSocketImpl::receive|HibernationManager.*readLoop/],
  ["console", /handleLog|consoleDecorator/],
  ["making Requests and Responses", /ConstructorCallback<.*api::(?:Response|Request), /],
  ["fetch()", /Fetcher::fetch|api::fetchImpl|CfProperty/],
  ["JSON", /JsonStringify|JsonParse/],
  ["timers", /TimeoutManager|setTimeout/],
  ["JavaScript after an await", /Builtins_RunMicrotasks/],
  ["WebSocket in: the event", /HibernatableWebSocketCustomEvent/],
  ["taking the isolate again for what was awaited", /resumeAfterIo/],
  ["JavaScript at a request's start", /Builtins_JSEntry/],
  ["starting a request's handler", /ServiceWorkerGlobalScope::request|WorkerEntrypoint::requestImpl/],
  ["HTTP", /kj_hyper|hyper::|HttpService|HttpHeaders|Response::send/],
  ["system calls", /entry_SYSCALL/],
];
const REST = "promises, event loop and the rest";

/**
 * Linux's sampling profiler for running processes. Unlike V8's, it sees native code that has symbols, as workerd's does.
 */
export class NativeProfiler {
  readonly #perf: ChildProcess;
  readonly #path: string;

  private constructor(perf: ChildProcess, path: string) {
    this.#perf = perf;
    this.#path = path;
  }

  static async isThere(): Promise<boolean> {
    return run("perf", ["--version"]).then(
      () => true,
      () => false,
    );
  }

  /** Writes the samples to the file at `path`. */
  static start(pids: readonly number[], path: string): NativeProfiler {
    const args = ["record", "-F", String(SAMPLES_PER_SECOND), "-e", "cpu-clock", "-g", "-o", path, "-p"];
    return new NativeProfiler(spawn("perf", [...args, pids.join(",")], { stdio: "ignore" }), path);
  }

  /** The share of the time for each kind. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    const ended = once(this.#perf, "exit");
    this.#perf.kill("SIGINT");
    await ended;
    const { stdout } = await run("perf", ["script", "-i", this.#path, "-F", "comm,ip,sym"], {
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return sharesOf(stdout);
  }
}

/** `script` is the output of `perf script`: stacks that are separated by empty lines. */
export function sharesOf(script: string): ReadonlyMap<string, number> {
  const stacks = script.split("\n\n").filter((stack) => stack.trim() !== "");
  const counts = new Map<string, number>();
  for (const stack of stacks) {
    const [kind = REST] = KINDS.find(([, functions]) => functions.test(stack)) ?? [];
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return new Map([...counts].map(([kind, count]) => [kind, count / stacks.length]));
}
