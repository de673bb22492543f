import { createRequire } from "node:module";
import { join } from "node:path";
import type { ReadConfig } from "./gateway-config.ts";

/**
 * The parts of wrangler that are used here. It is a peer dependency, so that the gateway is tested with the version that
 * deploys it.
 */
export interface Wrangler {
  createTestHarness(options: object): Harness;
  unstable_readConfig: ReadConfig;
}

export interface Harness {
  listen(): Promise<{ url: URL }>;
  fetch(input: unknown, init?: unknown): Promise<unknown>;
  getWorker(name: string): {
    fetch(
      input: string,
      init?: unknown,
    ): Promise<{ status: number; ok: boolean; webSocket?: unknown; text(): Promise<string> }>;
  };
  getLogs(): { level?: string; message: string }[];
  clearLogs(): void;
  /** Rebuilds and reloads the Workers. If that fails, the harness is closed; `listen` opens it again. */
  update(options: object): Promise<void>;
  close(): Promise<void>;
}

export function loadWrangler(): Wrangler {
  // Turns off two requests to the network: a test may have none.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
  process.env["WRANGLER_SEND_METRICS"] ??= "false";
  // Turns off the explorer of local data and the store of traces: they take a sixth of the start, and a test needs neither.
  process.env["X_LOCAL_EXPLORER"] ??= "false";
  process.env["X_LOCAL_OBSERVABILITY"] ??= "false";
  try {
    return requireWrangler();
  } catch (error) {
    throw new Error("this needs wrangler 4.164 or later: npm install --save-dev wrangler", { cause: error });
  }
}

/**
 * Uses the project's own wrangler, even if this package was fetched by npx and is somewhere else; otherwise the one beside
 * this package. Uses `require`, because an `import` of CommonJS parses wrangler's ten megabytes twice more to find its
 * exports.
 */
function requireWrangler(): Wrangler {
  const ofProject = createRequire(join(process.cwd(), "package.json"));
  try {
    return ofProject(ofProject.resolve("wrangler")) as Wrangler;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return createRequire(import.meta.url)("wrangler") as Wrangler;
  }
}
