import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
const OUTPUT_LIMIT_BYTES = 64 * 2 ** 20;

interface Failure {
  stdout?: string;
  stderr?: string;
  message: string;
}

/** Runs a program to its end and returns its standard output. If it fails, throws with its output. */
export async function command(
  program: string,
  args: readonly string[],
  options: { timeoutMs?: number; environment?: Record<string, string> } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      timeout: options.timeoutMs ?? 60_000,
      maxBuffer: OUTPUT_LIMIT_BYTES,
      env: { ...process.env, ...options.environment },
    });
    return stdout;
  } catch (thrown) {
    const { stdout = "", stderr = "", message } = thrown as Failure;
    throw new Error(`${program} failed:\n${`${stdout}\n${stderr}`.trim().slice(-4_000) || message}`, {
      cause: thrown,
    });
  }
}
