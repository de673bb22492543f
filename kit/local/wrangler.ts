import { createRequire } from "node:module";
import { join } from "node:path";
import type { ReadConfig } from "./gateway-config.ts";

/** The parts of wrangler that are used; it is a peer dependency, so that the gateway is tested by the one it is deployed by. */
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
  /** Builds and loads the Workers anew. Where that fails, the harness is closed; `listen` opens it again. */
  update(options: object): Promise<void>;
  close(): Promise<void>;
}

export function loadWrangler(): Wrangler {
  // Neither asks the network: a test has none.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
  process.env["WRANGLER_SEND_METRICS"] ??= "false";
  // Its page of what bindings hold, and its store of traces: a sixth of the start, and nobody looks at a test's.
  process.env["X_LOCAL_EXPLORER"] ??= "false";
  process.env["X_LOCAL_OBSERVABILITY"] ??= "false";
  try {
    return requireWrangler();
  } catch (error) {
    throw new Error("this needs wrangler 4.164 or later: npm install --save-dev wrangler", { cause: error });
  }
}

/**
 * The project's own, also where this package was fetched by npx and lies elsewhere; else the one beside this package.
 * Required: an `import` of CommonJS parses wrangler's ten megabytes twice more, for what it exports.
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
