import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ProgramOutcome {
  exitCode: number | null;
  output: string;
  errors: string;
}

/** Runs a program of the system to its end. When `interruptWhen` resolves, it presses Ctrl-C. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; interruptWhen?: () => Promise<void> } = {},
): Promise<ProgramOutcome> {
  const { input = "", env = {}, interruptWhen } = options;
  const child = spawn(command, args, { env: { ...process.env, LC_ALL: "C", ...env }, stdio: "pipe" });
  const [output, errors]: Buffer[][] = [[], []];
  child.stdout.on("data", (bytes: Buffer) => output?.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => errors?.push(bytes));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const closed = once(child, "close") as Promise<[number | null]>;
  if (interruptWhen !== undefined) {
    await interruptWhen();
    child.kill("SIGINT");
  }
  const [exitCode] = await closed;
  const text = (parts: Buffer[] | undefined): string => Buffer.concat(parts ?? []).toString("utf8");
  return { exitCode, output: text(output), errors: text(errors) };
}
