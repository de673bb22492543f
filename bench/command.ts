import { Cleanups } from "./subjects/subject.ts";

/** Runs a benchmark as a process. Whatever it starts ends with it, however it ends. */
export async function runCommand(main: (cleanups: Cleanups) => Promise<void>): Promise<never> {
  const cleanups = new Cleanups();
  // Each child process ends with this one.
  process.setMaxListeners(0);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void cleanups.run().then(() => process.exit(1)));
  }
  try {
    await main(cleanups);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  await cleanups.run();
  process.exit();
}
