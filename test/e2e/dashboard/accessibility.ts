import type { Page } from "playwright-core";
import { describe } from "vitest";
import { expectAccessible, it, type Stage, signIn, turnTo, viewOf } from "./stage.ts";

async function tunnelWithTraffic({ world }: Stage, name: string) {
  const tunnel = await world.tunnel(name, ["payments-api", "orders-api"]);
  await world.connector(tunnel, { connectorId: "c1" }, ({ length }) => ({
    status: length % 2 === 0 ? 200 : 500,
    text: "",
  }));
  for (let index = 8; index < 12; index++) await world.call(tunnel.id, "payments-api", `/${index}`);
  return tunnel;
}

async function expectAllAccessible(page: Page, shown: readonly [path: string, text: string][]) {
  for (const [path, text] of shown) {
    await turnTo(page, path);
    await page.locator("main").getByText(text).first().waitFor();
    await expectAccessible(page);
  }
}

export function accessibilityCases(): void {
  describe("passes axe-core, in light, in dark and on a phone,", () => {
    it("on the sign-in page", async ({ stage: { world }, pages }) => {
      const page = await pages.stranger();
      await page.goto(`${world.url}/dashboard`);
      await signIn(page, "wrong");
      await page.getByRole("alert").waitFor();
      await expectAccessible(page);
    });

    it("on the pages of a tunnel", async ({ stage, pages }) => {
      const tunnel = await tunnelWithTraffic(stage, "accessible");
      const page = await pages.admin();
      await expectAllAccessible(page, [
        ["", "accessible"],
        [viewOf(tunnel, ""), "Health of the services"],
        [viewOf(tunnel, "requests"), "/8"],
        [viewOf(tunnel, "services"), "Valid. No changes."],
        [viewOf(tunnel, "tokens"), tunnel.kid],
      ]);
    });

    it("on the pages of the relay", async ({ pages }) => {
      await expectAllAccessible(await pages.admin(), [
        ["/log-destinations", "Where the log of all requests is sent."],
        ["/alerts", "Webhooks get an alert"],
        ["/keys", "API keys"],
        ["/audit-log", "gateway-key.create"],
      ]);
    });

    it("with live requests, and in dialogs", async ({ stage, pages }) => {
      const tunnel = await tunnelWithTraffic(stage, "accessible live");
      const page = await pages.admin(viewOf(tunnel, "live"));
      await page.getByText("Live", { exact: true }).waitFor();
      for (const path of ["/a", "/bc"]) await stage.world.call(tunnel.id, "payments-api", path);
      await page.getByRole("button", { name: "GET /bc" }).waitFor();
      await expectAccessible(page);
      await page.getByRole("button", { name: "GET /bc" }).click();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Tokens" }).click();
      await page.getByRole("button", { name: "Rotate" }).click();
      await expectAccessible(page);
    });
  });
}
