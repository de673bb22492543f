import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { eventually } from "../../../scripts/demo/eventually.ts";
import { it, WAIT_MS } from "./stage.ts";

/** Another origin of the same site (for SameSite cookies, a port is no boundary), and another site. */
const HOSTS = ["127.0.0.1", "localhost"];

/** A site that shows one page. */
async function evilSite(html: string): Promise<{ port: number; close: () => void }> {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

export function attackCases(): void {
  describe.each(HOSTS)("with a malicious site at %s", (host) => {
    it("no form, fetch or WebSocket can use the session", async ({
      stage: { world },
      pages,
      onTestFinished,
    }) => {
      const tunnel = await world.tunnel(`guarded ${host}`, []);
      const page = await pages.admin();
      const evil = await evilSite(`<form method="post" enctype="text/plain" action="${world.url}/v1/tunnels">
        <input name='{"name":"forged","x":"' value='"}'></form>`);
      onTestFinished(evil.close);
      await page.goto(`http://${host}:${evil.port}/`);
      const outcomes = await page.evaluate(`(async () => {
        const attack = (path, init) => fetch("${world.url}" + path, { credentials: "include", ...init })
          .then((response) => response.type + response.status, () => "failed");
        const socket = new WebSocket("${world.url.replace("http", "ws")}/v1/tunnels/${tunnel.id}/tail", "culvert.tail.v1");
        const opened = new Promise((resolve) => {
          socket.onopen = () => resolve("opened");
          socket.onclose = () => resolve("refused");
        });
        return [
          await attack("/v1/tunnels"),
          await attack("/v1/tunnels", { method: "POST", body: '{"name":"forged"}', headers: { "culvert-csrf": "1" } }),
          await attack("/v1/tunnels/${tunnel.id}", { method: "DELETE" }),
          await attack("/v1/session", { method: "POST", mode: "no-cors", body: '{"key":"x"}' }),
          await opened,
        ];
      })()`);
      expect(outcomes).toEqual(["failed", "failed", "failed", "opaque0", "refused"]);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith("/v1/tunnels")),
        page.waitForURL(`${world.url}/v1/tunnels`),
        page.evaluate("document.forms[0].submit()"),
      ]);
      // From another site the cookie is not sent; from another port it is, and the relay refuses.
      expect(answer.status()).toBe(host === "localhost" ? 401 : 403);
      const { items } = await world.admin<{ items: { name: string }[] }>("GET", "/tunnels?limit=100");
      expect(items.map(({ name }) => name)).not.toContain("forged");
      expect(items.map(({ name }) => name)).toContain(`guarded ${host}`);
      await page.goto(`${world.url}/dashboard`);
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      // The browser reports for each attack that it did not hand over the answer.
      expect(pages.complaints.length).toBeGreaterThan(0);
      pages.complaints = [];
    });

    it("the dashboard cannot be framed", async ({ stage: { world }, pages, onTestFinished }) => {
      const page = await pages.admin();
      const evil = await evilSite(`<iframe src="${world.url}/dashboard"></iframe>`);
      onTestFinished(evil.close);
      await page.goto(`http://${host}:${evil.port}/`);
      await eventually("the frame", WAIT_MS, () => page.frames().length === 2);
      const [, frame] = page.frames();
      await eventually("the refusal", WAIT_MS, () => frame?.url().startsWith("chrome-error:"));
      expect(pages.complaints.join()).toMatch(/frame-ancestors|X-Frame-Options/);
      pages.complaints = [];
    });
  });
}
