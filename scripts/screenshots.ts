import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { TunnelDetails } from "../dashboard/index.ts";
import { chromiumPath, launchChromium } from "../test/support/chromium.ts";
import { ADMIN_KEY, DashboardWorld } from "../test/support/dashboard-world.ts";
import { bundleRelay } from "./bundle.ts";
import { inventedConnectors, inventedEvents, inventedTraffic } from "./screenshots/invented.ts";

/** Makes the pictures in docs/images: the real dashboard of a real relay, which shows invented traffic. */
const IMAGES = join(import.meta.dirname, "../docs/images");
const MAX_BYTES = 150_000;

const executable = chromiumPath();
if (executable === null) throw new Error("there is no Chromium; apt-get install chromium");
const directory = await mkdtemp(join(tmpdir(), "culvert-screenshots-"));
const bundle = join(directory, "relay.js");
await bundleRelay(bundle);
const world = await DashboardWorld.start(bundle);
const browser = await launchChromium(executable);
try {
  await mkdir(IMAGES, { recursive: true });
  const tunnel = await world.tunnel("Payments production", ["payments-api", "orders-api", "ledger-api"]);

  const openPage = async (colorScheme: "light" | "dark", width: number, height: number): Promise<Page> => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height } });
    await page.route(`**/v1/tunnels/${tunnel.id}`, async (route) => {
      const details = (await (await route.fetch()).json()) as TunnelDetails;
      await route.fulfill({
        json: {
          ...{ ...details, status: "healthy", connectors: inventedConnectors(Date.now()) },
          objects: details.objects.map((object) => ({
            ...{ ...object, exists: true, answering: true, connections: 2 },
            ...{ requestsPerSecond: 35.1, dataCentres: ["FRA"], roundTripMs: 11 },
          })),
        },
      });
    });
    await page.route("**/traffic?*", (route) => route.fulfill({ json: inventedTraffic(Date.now()) }));
    await page.routeWebSocket(/\/tail/, (watcher) => {
      const events = inventedEvents(tunnel.id, Date.now());
      watcher.send(JSON.stringify({ events, dropped: 0 }));
    });
    await page.goto(`${world.url}/dashboard/tunnels/${tunnel.id}`);
    await page.getByLabel("API key").fill(ADMIN_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("slider", { name: /Latency/ }).waitFor();
    return page;
  };
  const take = async (page: Page, name: string): Promise<void> => {
    const path = join(IMAGES, `dashboard-${name}.png`);
    await page.screenshot({ path, animations: "disabled" });
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes`);
    console.log(`${path}  ${Math.round(size / 1000)} kB`);
  };

  await take(await openPage("light", 1200, 900), "light");
  await take(await openPage("light", 390, 844), "phone");
  const dark = await openPage("dark", 1200, 760);
  await dark.getByRole("link", { name: "Live requests" }).click();
  await dark.getByRole("button", { name: "POST /v1/charges/ch_7204/refunds" }).click();
  await take(dark, "dark");
} finally {
  await browser.close();
  await world.stop();
  await rm(directory, { recursive: true, force: true });
}
