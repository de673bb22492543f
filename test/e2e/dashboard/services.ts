import { expect } from "vitest";
import { servicesFile } from "../../support/dashboard-world.ts";
import { it, ok, viewOf } from "./stage.ts";

export function serviceCases(): void {
  it("edits who may call what: checked, compared, and in force with the next request", async ({
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
    await page.getByText("One thing is wrong").waitFor();
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
    await page.getByText("Saved. It holds from the next request on.").waitFor();
    expect(await call()).toBe("ACCESS_DENIED");
  });

  it("shows what another has saved in the meantime, and overwrites it only when told to", async ({
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
    await page.getByText("Saved. It holds").waitFor();
    expect(JSON.stringify(await world.admin("GET", path))).toContain("mine-api");
  });
}
