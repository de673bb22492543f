import { expect } from "vitest";
import { ADMIN_KEY } from "../../support/dashboard-world.ts";
import { it, ok, signIn, viewOf, untilIs } from "./stage.ts";

export function sessionCases(): void {
  it("lets in people with a key, and nobody else", async ({ stage: { world }, pages }) => {
    const page = await pages.stranger();
    await page.goto(world.url);
    await signIn(page, "culvert_api_wrong");
    await page.getByRole("alert").filter({ hasText: "This key is not valid." }).waitFor();
    expect(await page.getByRole("heading", { name: "Tunnels" }).count()).toBe(0);

    await signIn(page, ADMIN_KEY);
    await page.getByRole("heading", { name: "Tunnels" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Tunnels" }).waitFor();
    expect(
      await page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})"),
    ).toBe("{}");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.reload();
    await page.getByLabel("API key").waitFor();
  });

  it("shows its list of tunnels at once", async ({ stage: { world }, pages }) => {
    await world.tunnel("listed", []);
    const page = await pages.admin("/keys");
    await page.goto(`${world.url}/dashboard`);
    await page.getByRole("row").filter({ hasText: "listed" }).waitFor();
    // From the navigation on, including the time that this test takes to notice it.
    const shownMs = await page.evaluate<number>("performance.now()");
    console.log(`the first list is there after ${Math.round(shownMs)} ms`);
    // Half a second on an idle machine. This one may be busy.
    expect(shownMs).toBeLessThan(20_000);
  });

  it("shows a viewer everything and lets it change nothing", async ({ stage, pages }) => {
    const { world } = stage;
    const tunnel = await world.tunnel("for viewers", ["payments-api"]);
    const page = await pages.signedIn(viewOf(tunnel, "tokens"), (await stage.apiKey("viewer")).key);
    await page.getByText(tunnel.kid).waitFor();
    expect(await page.getByRole("button", { name: /Rotate|Revoke|Delete/ }).count()).toBe(0);
    await page.getByRole("link", { name: "Services and access" }).click();
    await page.getByLabel("Services file").getByText('"payments-api"').waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    const status = await page.evaluate(`fetch("/v1/tunnels/${tunnel.id}", {
      method: "DELETE", headers: { "culvert-csrf": "1" } }).then((response) => response.status)`);
    expect(status).toBe(403);
  });

  it("ends the session with the key that opened it", async ({ stage, pages }) => {
    const { world } = stage;
    const tunnel = await world.tunnel("left", []);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const { kid, key } = await stage.apiKey("admin");
    const page = await pages.signedIn(viewOf(tunnel, "live"), key);
    await page.getByText("Live", { exact: true }).waitFor();
    await world.admin("DELETE", `/api-keys/${kid}`);
    await page.getByText("The session is over.").waitFor();
    expect(await page.getByRole("heading", { name: "left" }).count()).toBe(0);
    // The page may have tried to open the live requests once more, and was refused.
    pages.complaints = pages.complaints.filter((text) => !text.includes("HTTP Authentication failed"));
  });

  it("works with the keyboard: skip link, focus on a new page's heading, dialogs that return the focus", async ({
    pages,
  }) => {
    const page = await pages.admin();
    await page.getByRole("heading", { name: "Tunnels" }).waitFor();
    await page.evaluate("document.activeElement.blur()");
    await page.keyboard.press("Tab");
    await untilIs(page, "document.activeElement.textContent", "Skip to the content");
    await page.keyboard.press("Enter");
    await untilIs(page, "document.activeElement.id", "main");
    await page.getByRole("link", { name: "Keys" }).press("Enter");
    await page.getByRole("heading", { name: "Keys", exact: true, level: 1 }).waitFor();
    await untilIs(page, "document.activeElement.textContent", "Keys");
    await untilIs(page, "document.title", "Keys · Culvert");
    await page.goBack();
    // The new page takes the focus. A key pressed before that goes to the old page.
    await untilIs(page, "document.activeElement.textContent", "Tunnels");
    const opener = page.getByRole("button", { name: "Create a tunnel" });
    await opener.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await untilIs(page, "document.activeElement.textContent", "Create a tunnel");
  });
}
