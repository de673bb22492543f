import { eventually } from "../../../scripts/demo/eventually.ts";
import type { Page, Request } from "playwright-core";
import { expect } from "vitest";
import { inventedTraffic } from "../../../scripts/screenshots/invented.ts";
import { appears, it, ok, untilCounted, viewOf, WAIT_MS } from "./stage.ts";

function asked(page: Page, part: string): Promise<Request> {
  const request = page.waitForRequest((one) => one.url().includes("/traffic?") && one.url().includes(part));
  // A case may fail before it awaits this. Then the rejection must not count as unhandled.
  request.catch(() => {});
  return request;
}

const searchOf = (page: Page) => new URL(page.url()).searchParams;

export function numberCases(): void {
  it("shows a part of the time that is dragged, typed, or selected by the keyboard", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("looked at closely", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    await world.call(tunnel.id, "payments-api", "/");
    await untilCounted(world, tunnel.id, 1);
    const page = await pages.admin(viewOf(tunnel, ""));
    const chart = page.getByRole("slider", { name: "Requests over time" });
    const showAll = page.getByRole("button", { name: "Show all" });

    const dragged = asked(page, "since=");
    // Other data about the tunnel may arrive and move the chart while the test drags over it.
    await eventually("a part of the time", WAIT_MS, async () => {
      const box = await chart.boundingBox();
      if (box === null) return false;
      await page.mouse.move(box.x + box.width / 2, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width - 20, box.y + 70, { steps: 3 });
      await page.mouse.up();
      return appears(showAll);
    });
    const query = new URL((await dragged).url()).searchParams;
    const draggedMs = Date.parse(query.get("until") ?? "") - Date.parse(query.get("since") ?? "");
    expect(draggedMs).toBeGreaterThan(10 * 60_000);
    expect(draggedMs).toBeLessThan(40 * 60_000);
    await showAll.click();
    await page.getByLabel("of the last").waitFor();

    // A chart that moves under the pointer shows the step there, and not the one that the keyboard chose.
    await page.mouse.move(0, 0);
    // The chart shows a step's values and no longer the latest. If it was redrawn in the meantime, it has lost the focus.
    await eventually("the values of a step", WAIT_MS, async () => {
      await chart.press("ArrowLeft");
      return (await chart.getAttribute("aria-valuetext"))?.startsWith("latest") === false;
    });
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/\d\d:\d\d:\d\d: all [\d.]+\/s, errors 0\/s$/);
    const selected = asked(page, "since=");
    await eventually("a selection", WAIT_MS, async () => {
      await chart.press("Shift+PageDown");
      await chart.press("Shift+PageDown");
      return /^\d\d:\d\d:\d\d to /.test((await chart.getAttribute("aria-valuetext")) ?? "");
    });
    await chart.press("Enter");
    await selected;
    await showAll.waitFor();
    await chart.press("Escape");
    await page.getByLabel("of the last").waitFor();

    await page.getByText("Choose a time").click();
    await page.getByLabel("from", { exact: true }).fill("00:00:00");
    await page.getByLabel("to", { exact: true }).fill("00:00:30");
    const typed = asked(page, "since=");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await typed;
    await page.getByText("00:00:00 to 00:00:30").waitFor();
  });

  it("links from a step, from the errors and from a service to their requests", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("followed", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, (path) => ({
      status: path === "/well" ? 200 : 500,
      text: "",
    }));
    for (const path of ["/well", "/ill"]) await world.call(tunnel.id, "payments-api", path);
    await untilCounted(world, tunnel.id, 2);
    const page = await pages.admin(viewOf(tunnel, ""));
    await page.getByRole("link", { name: "Errors" }).click();
    await page.getByRole("button", { name: "GET /ill" }).waitFor();
    expect(await page.getByRole("button", { name: "GET /well" }).count()).toBe(0);
    expect(searchOf(page).get("failed")).toBe("true");

    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("link", { name: "payments-api" }).click();
    await page.getByRole("button", { name: "GET /well" }).waitFor();
    expect(searchOf(page).get("service")).toBe("payments-api");

    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("slider", { name: "Error rate over time" }).click();
    await page.waitForURL(({ searchParams }) => searchParams.has("until"));
    const stepMs =
      Date.parse(searchOf(page).get("until") ?? "") - Date.parse(searchOf(page).get("since") ?? "");
    expect(stepMs).toBeGreaterThanOrEqual(15_000);
    expect(searchOf(page).get("failed")).toBe("true");
  });

  it("cuts off a peak, says so, and shows it on request; has a line for each connector", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("peaked", ["payments-api"]);
    const page = await pages.admin();
    const traffic = inventedTraffic(Date.now());
    const peak = traffic.points[200];
    if (peak !== undefined) peak.requests = 80_000;
    await page.route(`**/v1/tunnels/${tunnel.id}/traffic?*`, (route) => route.fulfill({ json: traffic }));
    await page.goto(`${world.url}/dashboard${viewOf(tunnel, "")}`);
    const chart = page.locator(".chart").filter({ hasText: "Requests" }).first();
    await chart.getByText("Peaks up to 8,000/s are cut off.").waitFor();
    await chart.getByRole("button", { name: "Show them whole" }).click();
    await chart.getByRole("button", { name: "Cut them off" }).waitFor();
    await page
      .locator(".chart")
      .filter({ hasText: "Load of the connectors" })
      .getByText("payments-a")
      .waitFor();
  });

  it("shows no percentile if there is no request", async ({ stage: { world }, pages }) => {
    const tunnel = await world.tunnel("silent", ["payments-api"]);
    const page = await pages.admin();
    const traffic = inventedTraffic(Date.now());
    // The last complete step. Later ones are not drawn.
    const points = traffic.points.map((point, index) =>
      index === traffic.points.length - 2
        ? { ...point, requests: 0, errors: 0, p50Ms: null, p90Ms: null, p99Ms: null }
        : point,
    );
    await page.route(`**/v1/tunnels/${tunnel.id}/traffic?*`, (route) =>
      route.fulfill({ json: { ...traffic, points } }),
    );
    await page.goto(`${world.url}/dashboard${viewOf(tunnel, "")}`);
    const legends = page.locator(".charts .legend");
    await legends.filter({ hasText: "p99" }).getByText("–").first().waitFor();
    expect(await legends.allTextContents()).toEqual([
      expect.stringContaining("all 0/s"),
      expect.stringMatching(/p50 –.*p90 –.*p99 –/),
      expect.stringContaining("errors –"),
      expect.anything(),
    ]);
  });
}
