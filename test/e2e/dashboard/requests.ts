import { expect } from "vitest";
import { eventually } from "../../../scripts/demo/eventually.ts";
import { expectAccessible, it, ok, turnTo, untilCounted, viewOf, WAIT_MS } from "./stage.ts";

export function requestCases(): void {
  it("shows requests as they end, each with where its time went, and can be paused", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("busy", ["payments-api", "orders-db"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const page = await pages.admin(viewOf(tunnel, "live"));
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await world.call(tunnel.id, "payments-api", "/v1/charges/1")).toBe("200");
    await page.getByRole("button", { name: "GET /v1/charges/1" }).click();
    const detail = page.getByRole("dialog");
    for (const part of ["Relay", "Tunnel", "Upstream", "Body"])
      await detail.getByText(part, { exact: true }).waitFor();
    await detail.getByText("shop in production").waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });

    await world.tcp(tunnel.id, "orders-db", "hello");
    await page.getByRole("button", { name: "TCP orders-db" }).click();
    await detail.getByText("Both sides closed the connection.").waitFor();
    for (const fact of ["tcp", "upstream", "5 B"])
      await detail.getByRole("definition").getByText(fact, { exact: true }).first().waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Pause" }).click();
    await world.call(tunnel.id, "payments-api", "/v1/charges/2");
    await page.getByText("Paused, 1 new").waitFor();
    expect(await page.getByText("/v1/charges/2").count()).toBe(0);
    // Filters apply to the lines that are shown, and to those that wait while the view is paused.
    await page.getByLabel("Method").selectOption("POST");
    await page.getByText("Paused, 0 new").waitFor();
    expect(await page.getByText("/v1/charges/1").count()).toBe(0);
    await page.getByLabel("Method").selectOption("GET");
    await page.getByRole("button", { name: "GET /v1/charges/1" }).waitFor();
    await page.getByText("Paused, 1 new").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("/v1/charges/2").waitFor();

    await page.getByLabel("Status").selectOption("4xx");
    await page.getByText("Waiting for a request").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await world.call(tunnel.id, "payments-api", "/v1/charges/3");
    expect(await world.call(tunnel.id, "no-such-api", "/")).toBe("UNKNOWN_SERVICE");
    await page.getByText("UNKNOWN_SERVICE").first().waitFor();
    expect(await page.getByText("/v1/charges/3").count()).toBe(0);

    await untilCounted(world, tunnel.id, 2);
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("slider", { name: /Requests over time/ }).waitFor();
    await page.getByRole("slider", { name: /Latency over time/ }).waitFor();
  });

  it("captures requests of a service: viewers see that, admins see what they looked like", async ({
    stage,
    pages,
  }) => {
    const { world } = stage;
    const tunnel = await world.tunnel("captured", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const page = await pages.admin(viewOf(tunnel, "requests"));
    await page.getByRole("button", { name: "Capture requests" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Start capturing" }).click();
    await page.getByText("are being captured").waitFor();
    const viewer = await pages.signedIn(viewOf(tunnel, "overview"), (await stage.apiKey("viewer")).key);
    await viewer.getByText("are being captured").waitFor();
    expect(await viewer.getByRole("button", { name: "Stop" }).count()).toBe(0);

    expect(await world.call(tunnel.id, "payments-api", "/v1/pay?token=s3cret-of-a-test&limit=3")).toBe("200");
    const { items } = await eventually("the captured request", WAIT_MS, async () => {
      const found = await world.admin<{ items: { requestId: string }[] }>(
        "GET",
        `/tunnels/${tunnel.id}/requests?path=/v1/pay`,
      );
      return found.items.length > 0 && found;
    });
    await turnTo(page, `${viewOf(tunnel, "requests")}/${items[0]?.requestId}`);
    await page.getByRole("button", { name: "Show what was captured" }).click();
    await page.getByText("token=[redacted]&limit=3").waitFor();
    expect(await page.getByText("s3cret-of-a-test").count()).toBe(0);
    await expectAccessible(page);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
    await page.getByText("are being captured").waitFor({ state: "detached" });
  });

  it("shows every object of a tunnel, and the live requests of all objects, each once", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("spread", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const path = `/tunnels/${tunnel.id}`;
    interface Described {
      objects: { name: string; phase: string }[];
    }
    const { objects } = await world.admin<Described>("PATCH", path, { objects: { min: 2 } });
    await world.connector(tunnel, { connectorId: "c1" }, ok, objects[1]?.name);
    await eventually("both objects to serve", WAIT_MS, async () => {
      const now = await world.admin<Described>("GET", path);
      return now.objects.every(({ phase }) => phase === "serving");
    });
    const page = await pages.admin(viewOf(tunnel, ""));
    for (const { name } of objects) await page.getByRole("cell", { name, exact: true }).waitFor();
    await page.getByRole("link", { name: "Live requests" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    const sent = Array.from({ length: 24 }, (_, number) => `/v1/charges/${number}`);
    for (const one of sent) expect(await world.call(tunnel.id, "payments-api", one)).toBe("200");
    const shown = page.getByRole("button", { name: /^GET \/v1\/charges\// });
    await eventually("every request", WAIT_MS, async () => (await shown.count()) >= sent.length);
    expect((await shown.allTextContents()).sort()).toEqual(sent.map((one) => `GET ${one}`).sort());
  });

  it("finds a finished request by a search and by a link that can be shared", async ({ stage, pages }) => {
    const { world } = stage;
    const tunnel = await world.tunnel("searched", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    await world.call(tunnel.id, "payments-api", "/v1/charges/well");
    expect(await world.call(tunnel.id, "no-such-api", "/v1/charges/lost")).toBe("UNKNOWN_SERVICE");
    await eventually("the requests", WAIT_MS, async () => {
      const path = `/tunnels/${tunnel.id}/requests`;
      return (await world.admin<{ items: object[] }>("GET", path)).items.length === 2;
    });
    const page = await pages.signedIn(viewOf(tunnel, "requests"), (await stage.apiKey("viewer")).key);
    await page.getByRole("button", { name: "GET /v1/charges/well" }).waitFor();
    await page.getByRole("textbox", { name: "Code" }).fill("any");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("button", { name: "GET /v1/charges/well" }).waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("?code=any");

    await page.getByRole("button", { name: "GET /v1/charges/lost" }).press("Enter");
    await page.getByRole("dialog").getByText("UNKNOWN_SERVICE").first().waitFor();
    await page.getByRole("dialog").getByText("Compare the host of the gateway's URL").waitFor();
    const link = page.url();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // The browser hides the dialog itself, before the page gets the event.
    await page.waitForURL(({ search }) => search === "?code=any");

    await page.goto(link);
    await page.getByRole("dialog").getByText("UNKNOWN_SERVICE").first().waitFor();
    await page.goto(`${link}0`);
    await page.getByRole("alert").getByText("not in the history").waitFor();
  });

  it("shows the same verdict in the list, in a tunnel's heading and in its overview; errors link to their requests", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("timed out", ["payments-api"]);
    for (const connectorId of ["c1", "c2"]) {
      await world.connector(tunnel, { connectorId }, () => ({ status: 500, text: "" }));
    }
    for (let index = 0; index < 7; index++) await world.call(tunnel.id, "payments-api", "/");
    await untilCounted(world, tunnel.id, 7);
    const page = await pages.admin();
    const row = page.getByRole("row").filter({ hasText: tunnel.id });
    await row.getByText("The services are at fault").waitFor();
    expect(await row.getByRole("cell").allTextContents()).toContain("7");
    await page.getByRole("link", { name: "timed out" }).click();
    await page.locator(".page-title").getByText("The services are at fault").waitFor();
    await page.locator(".verdict").getByText("The services are at fault").waitFor();
    await page.getByText("100% of the requests failed, mostly answers of 5xx.").waitFor();
    await page.getByRole("cell", { name: "7 of 7 failed" }).waitFor();

    await page.getByRole("link", { name: "answers of 5xx" }).click();
    await page.getByRole("button", { name: "GET /" }).first().waitFor();
    expect(new URL(page.url()).searchParams.get("status")).toBe("5xx");
  });
}
