import { expect } from "vitest";
import { servicesFile } from "../../support/dashboard-world.ts";
import { expectAccessible, it, ok, viewOf } from "./stage.ts";

export function serviceCases(): void {
  it("edits who may call what: checked, compared, and active from the next request on", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("edited", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const call = () => world.call(tunnel.id, "payments-api", "/");
    const page = await pages.admin(viewOf(tunnel, "services"));
    const editor = page.getByRole("textbox", { name: "Services file as JSON" });
    const review = page.getByRole("button", { name: "Review changes" });
    expect(await call()).toBe("200");

    await editor.fill("{");
    await page.getByText("is not JSON").waitFor();
    await editor.fill(JSON.stringify({ ...servicesFile(["payments-api"]), version: 2 }));
    await page.getByText("One problem in this file").waitFor();
    expect(await review.isDisabled()).toBe(true);

    await editor.fill(JSON.stringify(servicesFile(["payments-api"], ["preview"])));
    await review.click();
    const difference = page.getByRole("list", { name: "Changes" });
    await difference.getByText("service payments-api is open to shop in preview").waitFor();
    expect(await difference.getByRole("listitem").allTextContents()).toEqual([
      "added:service payments-api is open to shop in preview",
      "removed:service payments-api is open to shop in production",
    ]);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It applies from the next request on.").waitFor();
    expect(await call()).toBe("ACCESS_DENIED");
  });

  it("shows what another person saved in the meantime, and overwrites it only on request", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("contested", ["payments-api"]);
    const path = `/tunnels/${tunnel.id}/services-configuration`;
    const page = await pages.admin(viewOf(tunnel, "services"));
    const editor = page.getByRole("textbox", { name: "Services file as JSON" });
    await editor.fill(JSON.stringify(servicesFile(["payments-api", "mine-api"])));
    await world.admin("PUT", path, servicesFile(["payments-api", "theirs-api"]));
    const save = async () => {
      await page.getByRole("button", { name: "Review changes" }).click();
      await page.getByRole("button", { name: "Save" }).click();
    };
    await save();
    await page.getByRole("alert").getByText("service theirs-api is open to shop in production").waitFor();
    expect(JSON.stringify(await world.admin("GET", path))).not.toContain("mine-api");

    await page.getByRole("button", { name: "Keep my text and compare with theirs" }).click();
    await save();
    await page.getByText("Saved. It applies").waitFor();
    expect(JSON.stringify(await world.admin("GET", path))).toContain("mine-api");
  });

  it("edits a service in fields, with the file beside them; problems have a line and a service", async ({
    stage: { world },
    pages,
  }) => {
    const tunnel = await world.tunnel("by form", ["payments-api"]);
    const page = await pages.admin(viewOf(tunnel, "services"));
    const form = page.getByRole("region", { name: "Form" });
    const editor = page.getByRole("textbox", { name: "Services file as JSON" });
    await form.getByRole("button", { name: "Add a service" }).press("Enter");
    const added = form.locator("details").nth(1);
    await added.getByLabel("Name", { exact: true }).fill("orders-api");
    await added.getByLabel("Endpoint").fill("ftp://orders");
    await added.getByText("must be an http or https URL").waitFor();
    const file = page.getByRole("region", { name: "File" });
    await file.getByText(/orders-api.*services\[1\]\.endpoint.*must be an http/).waitFor();
    expect(await editor.getAttribute("aria-invalid")).toBe("true");
    await expectAccessible(page);

    const text = await editor.inputValue();
    const line = text.split("\n").findIndex((one) => one.includes("ftp://orders")) + 1;
    await file.getByRole("button", { name: `Line ${line}`, exact: true }).press("Enter");
    const selected = await editor.evaluate(
      (field: { value: string; selectionStart: number; selectionEnd: number }) =>
        field.value.slice(field.selectionStart, field.selectionEnd),
    );
    expect(selected).toContain("ftp://orders");

    await added.getByLabel("Endpoint").fill("http://orders.internal:8080");
    await added.getByLabel("Project").fill("shop");
    await added.getByLabel("Environments").fill("production, preview");
    await page.getByRole("button", { name: "Review changes" }).click();
    await page.getByText("service orders-api is open to shop in preview").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It applies").waitFor();
    const saved = await world.admin<{ services: object[] }>(
      "GET",
      `/tunnels/${tunnel.id}/services-configuration`,
    );
    expect(saved.services[1]).toEqual({
      ...{ name: "orders-api", endpoint: "http://orders.internal:8080" },
      configurations: [{ project: "shop", accessibleBy: ["production", "preview"] }],
    });
  });

  it("lists versions with what each changed, and rolls back to one", async ({ stage: { world }, pages }) => {
    const tunnel = await world.tunnel("versioned", ["payments-api"]);
    const path = `/tunnels/${tunnel.id}/services-configuration`;
    await world.admin("PUT", path, servicesFile(["payments-api", "wrong-api"]));
    const page = await pages.admin(viewOf(tunnel, "services"));
    const newest = page.getByRole("row").filter({ hasText: "active" });
    await newest.getByText(/\d changes/).click();
    await newest.getByText("service wrong-api leads to http://wrong-api.internal:8080").waitFor();
    await page.getByRole("button", { name: "Roll back to version 1" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("service wrong-api is open to shop in production").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("row").filter({ hasText: "back to version 1" }).getByText("active").waitFor();
    expect(JSON.stringify(await world.admin("GET", path))).not.toContain("wrong-api");
  });

  it("keeps lists short until somebody asks for more", async ({ stage: { world }, pages }) => {
    const names = Array.from({ length: 25 }, (_, index) => `service-${index}`);
    const tunnel = await world.tunnel("with many services", names);
    const page = await pages.admin(viewOf(tunnel, "services"));
    const table = page.getByRole("table", { name: "Services and who may call them" });
    await table.getByText("service-19", { exact: true }).waitFor();
    expect(await table.getByText("service-20", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Show all 25" }).press("Enter");
    await table.getByText("service-24", { exact: true }).waitFor();
  });
}
