import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { expectAccessible, it } from "./stage.ts";

/** A log service that keeps what it receives, and answers with this status. */
async function receiver(status: number): Promise<{ url: string; bodies: string[]; close: () => void }> {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
    request.on("end", () => {
      bodies.push(`${String(request.headers["x-team"])} ${body}`);
      response.writeHead(status).end("so it says");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/in`, bodies, close };
}

export function receiverCases(): void {
  it("adds a log destination, tests it, and removes it", async ({
    stage: { world },
    pages,
    onTestFinished,
  }) => {
    const { url, bodies, close } = await receiver(403);
    onTestFinished(close);
    const page = await pages.admin("/log-destinations");
    await page.getByRole("button", { name: "Add a destination" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Kind").selectOption("splunk");
    await dialog.getByLabel("Token").waitFor();
    await expectAccessible(page);
    await dialog.getByLabel("Kind").selectOption("webhook");
    await dialog.getByLabel("Name").fill("our logs");
    await dialog.getByLabel("URL").fill(url);
    await dialog.getByLabel("Headers").fill("x-team");
    await dialog.getByRole("button", { name: "Add it" }).click();
    await dialog.getByText('Line 1 of the headers is not "name: value".').waitFor();
    await dialog.getByLabel("Headers").fill("x-team: payments");
    await dialog.getByRole("button", { name: "Add it" }).press("Enter");
    await page.getByRole("cell", { name: "our logs", exact: true }).waitFor();

    await page.getByRole("button", { name: "Test our logs" }).click();
    await dialog.getByText("The receiver answered 403.").waitFor();
    await dialog.getByText("so it says").waitFor();
    await expectAccessible(page);
    // Other cases make requests at the same time, and their events arrive here too.
    expect(bodies).toContainEqual(expect.stringMatching(/^payments /));
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Remove our logs" }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("cell", { name: "our logs", exact: true }).waitFor({ state: "detached" });
    expect((await world.admin<{ items: { name: string }[] }>("GET", "/log-destinations")).items).toEqual([]);
  });
}
