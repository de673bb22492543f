import { expect } from "vitest";
import { CONNECTOR_ADDRESS, servicesFile } from "../../support/dashboard-world.ts";
import { expectAccessible, it, ok, untilCounted, viewOf } from "./stage.ts";

export function tunnelCases(): void {
  it("rotates a token, shows the new one once, and revokes the old one with its connectors", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("rotated", ["payments-api"]);
    const old = await world.connector(tunnel, { connectorId: "old" }, ok);
    const page = await pages.admin(viewOf(tunnel, "tokens"));
    await page.getByRole("button", { name: "Rotate" }).click();
    await page.getByLabel("The older tokens stay valid").selectOption("86400");
    await page.getByRole("button", { name: "Create a new token" }).click();
    const token = (await page.getByTestId("secret").textContent()) ?? "";
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: "Revoke" }).nth(1).waitFor();
    expect(await page.content()).not.toContain(token);
    const renewed = await world.connector({ ...tunnel, token }, { connectorId: "new" }, ok);

    await page.getByRole("button", { name: `Revoke ${tunnel.kid}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await old.untilClosed();
    await page.getByRole("button", { name: `Revoke ${tunnel.kid}` }).waitFor({ state: "detached" });
    await renewed.settled();
    expect(await world.call(tunnel.id, "payments-api", "/")).toBe("200");
  });

  it("creates a tunnel whose token works, and deletes it only by its name", async ({
    stage: { world },
    pages,
  }) => {
    const page = await pages.admin();
    await page.getByRole("button", { name: "Create a tunnel" }).click();
    await page.getByLabel("Name").fill("made by hand");
    await page.getByLabel("Name").press("Enter");
    await page.getByTestId("secret").waitFor();
    for (const key of ["Escape", "Escape", "Escape", "Enter", "Escape"]) await page.keyboard.press(key);
    const token = (await page.getByTestId("secret").textContent()) ?? "";
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("heading", { name: "made by hand" }).waitFor();
    await page.locator(".page-title").getByText("Nothing is open yet").waitFor();
    await world.connector({ id: "", kid: "", token }, { connectorId: "c1" }, ok);
    await page.reload();
    await page.getByRole("cell", { name: "c1" }).waitFor();

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const confirm = page.getByRole("button", { name: "Delete the tunnel" });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel("Type made by hand to confirm").fill("made by hand");
    await confirm.click();
    await page.getByRole("heading", { name: "Tunnels" }).waitFor();
    const { items } = await world.admin<{ items: { name: string }[] }>("GET", "/tunnels?limit=100");
    expect(items.map(({ name }) => name)).not.toContain("made by hand");
  });

  it("guides a new tunnel from its token to its first request, each step with its state", async ({
    stage: { world },
    pages,
  }) => {
    const page = await pages.admin();
    await page.getByRole("button", { name: "Create a tunnel" }).click();
    await page.getByLabel("Name").fill("step by step");
    await page.getByLabel("Name").press("Enter");
    const secret = page.getByRole("dialog");
    await secret.getByText("(set -a && . ./step-by-step.env && exec culvert connect)").waitFor();
    const token = (await page.getByTestId("secret").textContent()) ?? "";
    await secret.getByText(`TUNNEL_TOKEN=${token}`).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "I have it" }).click();
    const steps = page.getByRole("region", { name: "To the first request" });
    const step = (name: string) => steps.getByRole("listitem").filter({ hasText: name });
    await step("A connector").getByText("not seen yet").waitFor();
    await expectAccessible(page);
    expect(await page.content()).not.toContain(token);

    const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await world.connector({ id, kid: "", token }, { connectorId: "con_9", connectorName: "rack-9" }, ok);
    await step("A connector").getByText("attached: rack-9").waitFor();
    await step("A first service").getByRole("link").click();
    await world.admin("PUT", `/tunnels/${id}/services-configuration`, servicesFile(["payments-api"]));
    await page.getByRole("link", { name: "Overview" }).click();
    await step("A first service").getByText("payments-api").waitFor();
    await step("A first request").getByText(`/~/${id}/payments-api/`).waitFor();
    expect(await world.call(id, "payments-api", "/")).toBe("200");
    await steps.waitFor({ state: "detached" });
  });

  it("shows each connector with its machine, its address and since when, and leads to its requests", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("machines", ["payments-api"]);
    const machine = { host: "rack-7.internal", platform: "linux-arm64", softwareVersion: "7.8.9" };
    await world.connector(tunnel, { connectorId: "con_7", connectorName: "payments-a", ...machine }, ok);
    await world.call(tunnel.id, "payments-api", "/mine");
    await untilCounted(world, tunnel.id, 1);
    const page = await pages.admin(viewOf(tunnel, ""));
    const row = page.getByRole("row").filter({ hasText: "con_7" });
    for (const text of ["con_7", "rack-7.internal, linux-arm64", CONNECTOR_ADDRESS, "7.8.9"])
      await row.getByText(text).waitFor();
    expect(await row.getByRole("cell").nth(3).textContent()).toMatch(/^\d+ (s|min)/);
    await page
      .locator(".chart")
      .filter({ hasText: "Load of the connectors" })
      .getByText("payments-a")
      .waitFor();
    await row.getByRole("link", { name: "payments-a", exact: true }).click();
    await page.getByRole("button", { name: "GET /mine" }).waitFor();
    expect(new URL(page.url()).searchParams.get("connector")).toBe("con_7");
  });

  it("shows what a hostile connector and a hostile caller send as text", async ({
    stage: { world },
    pages,
  }) => {
    const markup = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`;
    const tunnel = await world.tunnel("hostile", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, () => ({ status: 599, text: markup }));
    const page = await pages.adminAlone();
    // The protocol does not allow such text in a HELLO. This case checks what would happen if it did.
    await page.route(`**/v1/tunnels/${tunnel.id}`, async (route) => {
      const described = await (await route.fetch()).text();
      const hostile = { id: `${markup}id`, version: `"'>${markup}` };
      const details = JSON.parse(described) as { connectors: object[]; name: string };
      const connectors = details.connectors.map((connector) => ({ ...connector, ...hostile }));
      await route.fulfill({ json: { ...details, name: markup, connectors } });
    });
    await page.routeWebSocket(/\/tail\?/, (watcher) => {
      const inText = JSON.stringify(markup).slice(1, -1);
      watcher.connectToServer().onMessage((message) => {
        const text = String(message).replace("/harmless", `/${inText}`);
        watcher.send(text.replace('"connector":"', `"connector":"${inText}`));
      });
    });
    await page.goto(`${world.url}/dashboard${viewOf(tunnel, "")}`);
    await page.getByRole("heading", { name: markup }).waitFor();
    await page.getByRole("cell", { name: `"'>${markup}`, exact: true }).waitFor();
    await page.getByRole("cell", { name: `${markup}id`, exact: true }).waitFor();
    await page.getByRole("link", { name: "Live requests" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await world.call(tunnel.id, "payments-api", "/harmless")).toBe("599");
    await page.getByRole("button", { name: `GET /${markup}` }).click();
    await page
      .getByRole("dialog")
      .getByRole("heading", { name: `GET /${markup}` })
      .waitFor();
    await page.getByRole("dialog").getByText(`${markup}c1`).waitFor();
    expect(await page.locator("#root img, #root script, #root iframe").count()).toBe(0);
    expect(await page.evaluate("window.harmed")).toBeUndefined();
  });
}
