import { expect, it } from "vitest";
import { bundleDashboard } from "./build-dashboard.ts";

it("the dashboard is under 110 kB on the wire", async () => {
  const { script, style, gzipBytes } = await bundleDashboard();
  expect(gzipBytes).toBeLessThan(110_000);
  expect([script.name, style.name]).toEqual([
    expect.stringMatching(/^main-[A-Z0-9]{8}\.js$/),
    expect.stringMatching(/^style-[A-Z0-9]{8}\.css$/),
  ]);
  // The page's policy would refuse what such rules load.
  expect(style.text).not.toMatch(/@import|url\(/);
});
