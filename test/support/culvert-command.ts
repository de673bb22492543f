import { spawn } from "node:child_process";
import { once } from "node:events";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { bareEnvironment } from "./bare-environment.ts";

export interface CommandResult {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `culvert …` as a process without a terminal, with these variables in an otherwise bare environment. */
export async function runCulvert(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [CULVERT_BUNDLE, ...args], {
    env: { ...bareEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}
