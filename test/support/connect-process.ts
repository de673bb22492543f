import { type ChildProcess, spawn } from "node:child_process";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { bareEnvironment } from "./bare-environment.ts";

/** `culvert connect` as a separate process, without this process's environment. */
export class ConnectProcess {
  readonly child: ChildProcess;
  /** Standard output and errors. */
  output = "";
  exitCode: number | null = null;

  constructor(env: Record<string, string>, ...args: string[]) {
    this.child = spawn(process.execPath, [CULVERT_BUNDLE, "connect", "--metrics", "127.0.0.1:0", ...args], {
      env: { ...bareEnvironment(), TUNNEL_ALLOW: "127.0.0.1", ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (bytes: Buffer) => (this.output += bytes.toString()));
    }
    this.child.on("exit", (code) => (this.exitCode = code));
  }

  /** How often a log line with this message was written. */
  countOf(message: string): number {
    return this.output.split(message).length - 1;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}
