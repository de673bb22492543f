import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A shared machine may stop for seconds. What fails twice is a fault; what was run twice stands in the report. */
const retry = process.env["CI"] === undefined ? 0 : 1;

export default defineConfig({
  test: {
    // Named, so that the closing summary is the same wherever it runs.
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{shared,worker,bin,connector,cli,kit,deploy,scripts,bench,dashboard}/**/*.test.ts",
            "test/{conformance,simulation,fuzz}/**/*.test.ts",
          ],
          testTimeout: 20_000,
          retry,
        },
      },
      {
        // Inside workerd, with the platform's own helpers from "cloudflare:test".
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { ADMIN_KEY: "admin-key-of-the-tests-0123456789abcdef", LOG_CONSOLE: "off" },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          globalSetup: ["test/build-dashboard.ts"],
          testTimeout: 30_000,
          retry,
        },
      },
      {
        // Real processes on two cores: one file at a time, so that timings and memory mean something.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/build-once.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          retry,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
