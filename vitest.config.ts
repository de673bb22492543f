import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/** A shared machine may stop for seconds. What fails twice is a fault; what was run twice stands in the report. */
const retry = process.env["CI"] === undefined ? 0 : 1;

/** Commands that tests start are compiled once, not once each. Not where memory is measured. */
const setupFiles = ["test/compile-commands-once.ts"];

/** Node itself loads the tests and what they import, as in the product: Vite would transform every module for each project. */
const experimental = { viteModuleRunner: false, nodeLoader: false };

/** More files at a time than there are cores: most of the time a test waits. */
const FIRST = { maxWorkers: 5, sequence: { groupOrder: 0 } };
/** Then these. Each more of `workers` would load all modules into a runtime of its own. */
const SECOND = { maxWorkers: 5, sequence: { groupOrder: 1 } };

/** What loads the machine by itself stands beside `workers` alone. */
const LOAD = ["chaos", "memory", "mixed"].map((name) => `test/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    // Named, so that the closing summary is the same wherever it runs.
    reporters: ["default"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{shared,worker,bin,connector,cli,kit,deploy,scripts,bench,dashboard}/**/*.test.ts",
            "test/{conformance,simulation,fuzz}/**/*.test.ts",
          ],
          globalSetup: ["test/bundle-once.ts"],
          testTimeout: 60_000,
          // Files share a process and its modules: a process for each took half of this project's time.
          isolate: false,
          experimental,
          setupFiles,
          ...FIRST,
          retry,
        },
      },
      {
        // Inside workerd, with the platform's own helpers from "cloudflare:test".
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // Else the runtime reports as "uncaught" what a caller gets and deals with.
            verbose: false,
            miniflare: {
              bindings: { ADMIN_KEY: "admin-key-of-the-tests-0123456789abcdef", LOG_CONSOLE: "off" },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          globalSetup: ["test/build-dashboard.ts"],
          setupFiles: ["test/workers/quiet-console.ts"],
          testTimeout: 60_000,
          // A runtime for each file took half of this project's time.
          isolate: false,
          ...SECOND,
          retry,
        },
      },
      {
        // Real processes.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: LOAD,
          globalSetup: ["test/build-once.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
          experimental,
          setupFiles,
          ...FIRST,
          retry,
        },
      },
      {
        test: {
          name: "load",
          include: LOAD,
          globalSetup: ["test/build-once.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
          experimental,
          ...SECOND,
          retry,
        },
      },
    ],
  },
});
