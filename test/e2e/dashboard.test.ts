import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { chromiumPath, launchChromium } from "../support/chromium.ts";
import { ADMIN_KEY, DashboardWorld, servicesFile, type Tunnel } from "../support/dashboard-world.ts";

const WAIT_MS = 30_000;
const executable = chromiumPath();
if (executable === null) {
  console.log("SKIP test/e2e/dashboard.test.ts: there is no Chromium; apt-get install chromium");
}

describe.skipIf(executable === null)("the dashboard in Chromium", () => {
  let world: DashboardWorld;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  /** What a page said went wrong, refusals by its policy among it. */
  let complaints: string[] = [];

  beforeAll(async () => {
    world = await DashboardWorld.start(RELAY_BUNDLE);
    browser = await launchChromium(executable ?? "");
  });

  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    const seen = complaints;
    complaints = [];
    if (seen.length > 0) throw new Error(`the page complained: ${seen.join("; ")}`);
  });

  async function newPage(): Promise<Page> {
    const context = await browser.newContext();
    contexts.push(context);
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      // An answer of 4xx is not the page's fault: tests that mean it look at what the page shows.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        complaints.push(message.text());
      }
    });
    return page;
  }

  async function signedIn(path = "", key = ADMIN_KEY): Promise<Page> {
    const page = await newPage();
    await page.goto(`${world.url}/dashboard${path}`);
    await signIn(page, key);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    return page;
  }

  async function signIn(page: Page, key: string): Promise<void> {
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function apiKey(role: "admin" | "viewer") {
    return world.admin<{ kid: string; key: string }>("POST", "/api-keys", { role });
  }

  const ok = () => ({ status: 200, text: "fine" });
  const viewOf = ({ id }: Tunnel, view: string) => `/tunnels/${id}/${view}`;

  it("lets in who has a key, and nobody else", async () => {
    const page = await newPage();
    await page.goto(world.url);
    await signIn(page, "culvert_api_wrong");
    await page.getByRole("alert").filter({ hasText: "This key does not hold." }).waitFor();
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

  it("shows a viewer everything and lets it change nothing", async () => {
    const tunnel = await world.tunnel("for viewers", ["payments-api"]);
    const page = await signedIn(viewOf(tunnel, "tokens"), (await apiKey("viewer")).key);
    await page.getByText(tunnel.kid).waitFor();
    expect(await page.getByRole("button", { name: /Rotate|Revoke|Delete/ }).count()).toBe(0);
    await page.getByRole("link", { name: "Services and access" }).click();
    await page.getByLabel("Services file").getByText('"payments-api"').waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    const status = await page.evaluate(`fetch("/v1/tunnels/${tunnel.id}", {
      method: "DELETE", headers: { "culvert-csrf": "1" } }).then((response) => response.status)`);
    expect(status).toBe(403);
  });

  it("shows requests as they end, each with where its time went, and stands still when told to", async () => {
    const tunnel = await world.tunnel("busy", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const page = await signedIn(viewOf(tunnel, "live"));
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await world.call(tunnel.id, "payments-api", "/v1/charges/1")).toBe("200");
    await page.getByRole("button", { name: "GET /v1/charges/1" }).click();
    const detail = page.getByRole("dialog");
    for (const part of ["Relay", "Tunnel", "Upstream", "Body"])
      await detail.getByText(part, { exact: true }).waitFor();
    await detail.getByText("shop in production").waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Pause" }).click();
    await world.call(tunnel.id, "payments-api", "/v1/charges/2");
    await page.getByText("Paused, 1 new").waitFor();
    expect(await page.getByText("/v1/charges/2").count()).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("/v1/charges/2").waitFor();

    await page.getByLabel("Status").selectOption("4xx");
    await page.getByText("Waiting for a request").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await world.call(tunnel.id, "payments-api", "/v1/charges/3");
    expect(await world.call(tunnel.id, "no-such-api", "/")).toBe("UNKNOWN_SERVICE");
    await page.getByText("UNKNOWN_SERVICE").waitFor();
    expect(await page.getByText("/v1/charges/3").count()).toBe(0);

    await eventually("the traffic", WAIT_MS, async () => {
      const path = `/tunnels/${tunnel.id}/traffic?windowMinutes=60`;
      const { points } = await world.admin<{ points: { requests: number }[] }>("GET", path);
      return points.some(({ requests }) => requests > 0);
    });
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("img", { name: /Requests over time/ }).waitFor();
    await page.getByRole("img", { name: /Latency over time/ }).waitFor();
  });

  it("finds a request that is over, by a search and by a link that can be handed on", async () => {
    const tunnel = await world.tunnel("searched", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    await world.call(tunnel.id, "payments-api", "/v1/charges/well");
    expect(await world.call(tunnel.id, "no-such-api", "/v1/charges/lost")).toBe("UNKNOWN_SERVICE");
    await eventually("the requests", WAIT_MS, async () => {
      const path = `/tunnels/${tunnel.id}/requests`;
      return (await world.admin<{ items: object[] }>("GET", path)).items.length === 2;
    });
    const page = await signedIn(viewOf(tunnel, "requests"), (await apiKey("viewer")).key);
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
    // The browser hides the dialog by itself, before the page hears of it.
    await page.waitForURL(({ search }) => search === "?code=any");

    await page.goto(link);
    await page.getByRole("dialog").getByText("UNKNOWN_SERVICE").first().waitFor();
    await page.goto(`${link}0`);
    await page.getByRole("alert").getByText("not, or no longer, kept").waitFor();
  });

  it("says the same of a tunnel in the list, at its head and in its overview; its errors lead to their requests", async () => {
    const tunnel = await world.tunnel("timed out", ["payments-api"]);
    for (const connectorId of ["c1", "c2"]) {
      await world.connector(tunnel, { connectorId }, () => ({ status: 500, text: "" }));
    }
    for (let index = 0; index < 7; index++) await world.call(tunnel.id, "payments-api", "/");
    await eventually("the traffic", WAIT_MS, async () => {
      const path = `/tunnels/${tunnel.id}/traffic?windowMinutes=15`;
      const { points } = await world.admin<{ points: { requests: number }[] }>("GET", path);
      return points.reduce((sum, { requests }) => sum + requests, 0) === 7;
    });
    const page = await signedIn();
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

  it("edits who may call what: checked, compared, and in force with the next request", async () => {
    const tunnel = await world.tunnel("edited", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, ok);
    const call = () => world.call(tunnel.id, "payments-api", "/");
    const page = await signedIn(viewOf(tunnel, "services"));
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

  it("shows what another has saved in the meantime, and overwrites it only when told to", async () => {
    const tunnel = await world.tunnel("contested", ["payments-api"]);
    const path = `/tunnels/${tunnel.id}/services-configuration`;
    const page = await signedIn(viewOf(tunnel, "services"));
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

  it("rotates a token, shows the new one once, and revokes the old one with its connectors", async () => {
    const tunnel = await world.tunnel("rotated", ["payments-api"]);
    const old = await world.connector(tunnel, { connectorId: "old" }, ok);
    const page = await signedIn(viewOf(tunnel, "tokens"));
    await page.getByRole("button", { name: "Rotate" }).click();
    await page.getByLabel("The older tokens still hold").selectOption("86400");
    await page.getByRole("button", { name: "Make a new token" }).click();
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

  it("creates a tunnel whose token works, and deletes it only by its name", async () => {
    const page = await signedIn();
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

  it("shows what a hostile connector and a hostile caller send as text", async () => {
    const markup = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`;
    const tunnel = await world.tunnel("hostile", ["payments-api"]);
    await world.connector(tunnel, { connectorId: "c1" }, () => ({ status: 599, text: markup }));
    const page = await signedIn();
    // The protocol lets no such text into a HELLO. If it did:
    await page.route(`**/v1/tunnels/${tunnel.id}`, async (route) => {
      const described = await (await route.fetch()).text();
      const hostile = { id: `${markup}id`, version: `"'>${markup}` };
      const details = JSON.parse(described) as { connectors: object[]; name: string };
      const connectors = details.connectors.map((connector) => ({ ...connector, ...hostile }));
      await route.fulfill({ json: { ...details, name: markup, connectors } });
    });
    await page.routeWebSocket(/\/tail$/, (watcher) => {
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

  describe("beside a malicious site", () => {
    let evil: Server;
    let html = "";
    /** Of another origin but the same site: to SameSite cookies a port is no boundary. And of another site. */
    const hosts = ["127.0.0.1", "localhost"];

    beforeAll(async () => {
      evil = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
      evil.listen(0, "127.0.0.1");
      await once(evil, "listening");
    });

    afterAll(() => evil?.close());

    const evilUrl = (host: string) => `http://${host}:${(evil.address() as AddressInfo).port}/`;

    it.each(hosts)("at %s, no form, fetch or WebSocket does anything with the session", async (host) => {
      const tunnel = await world.tunnel(`guarded ${host}`, []);
      const page = await signedIn();
      html = `<form method="post" enctype="text/plain" action="${world.url}/v1/tunnels">
        <input name='{"name":"forged","x":"' value='"}'></form>`;
      await page.goto(evilUrl(host));
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
      // Without its cookie from another site; with it, and refused, from another port.
      expect(answer.status()).toBe(host === "localhost" ? 401 : 403);
      const { items } = await world.admin<{ items: { name: string }[] }>("GET", "/tunnels?limit=100");
      expect(items.map(({ name }) => name)).not.toContain("forged");
      expect(items.map(({ name }) => name)).toContain(`guarded ${host}`);
      await page.goto(`${world.url}/dashboard`);
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      // The browser says of each attack that it refused to hand over the answer.
      expect(complaints.length).toBeGreaterThan(0);
      complaints = [];
    });

    it.each(hosts)("at %s, it is shown in no frame", async (host) => {
      const page = await signedIn();
      html = `<iframe src="${world.url}/dashboard"></iframe>`;
      await page.goto(evilUrl(host));
      await eventually("the frame", WAIT_MS, () => page.frames().length === 2);
      const [, frame] = page.frames();
      await eventually("the refusal", WAIT_MS, () => frame?.url().startsWith("chrome-error:"));
      expect(complaints.join()).toMatch(/frame-ancestors|X-Frame-Options/);
      complaints = [];
    });
  });

  it("ends the session with the key that opened it", async () => {
    const tunnel = await world.tunnel("left", []);
    const { kid, key } = await apiKey("admin");
    const page = await signedIn(viewOf(tunnel, "live"), key);
    await page.getByText("Live", { exact: true }).waitFor();
    await world.admin("DELETE", `/api-keys/${kid}`);
    await page.getByText("The session is over.").waitFor();
    expect(await page.getByRole("heading", { name: "left" }).count()).toBe(0);
  });

  it("is found by the keyboard: skip link, focus on the new page's heading, dialogs that give it back", async () => {
    const page = await signedIn();
    await page.getByRole("heading", { name: "Tunnels" }).waitFor();
    await page.evaluate("document.activeElement.blur()");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.getByRole("link", { name: "Keys" }).press("Enter");
    await page.getByRole("heading", { name: "Keys", exact: true, level: 1 }).waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Keys");
    expect(await page.title()).toBe("Keys · Culvert");
    await page.goBack();
    const opener = page.getByRole("button", { name: "Create a tunnel" });
    await opener.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Create a tunnel");
  });

  describe("has nothing for axe-core to find, in light, in dark and on a phone,", () => {
    let tunnel: Tunnel;

    beforeAll(async () => {
      tunnel = await world.tunnel("accessible", ["payments-api", "orders-api"]);
      await world.connector(tunnel, { connectorId: "c1" }, ({ length }) => ({
        status: length % 2 === 0 ? 200 : 500,
        text: "",
      }));
      for (let index = 8; index < 12; index++) await world.call(tunnel.id, "payments-api", `/${index}`);
    });

    async function expectAccessible(page: Page): Promise<void> {
      const modes = [
        { colorScheme: "light", width: 1280 },
        { colorScheme: "dark", width: 1280 },
        { colorScheme: "light", width: 360 },
      ] as const;
      await page.evaluate(axe.source);
      for (const { colorScheme, width } of modes) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 844 });
        const violations = await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
          violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html).join(" ")))`);
        expect(violations, `${colorScheme} ${width}`).toEqual([]);
        const hiddenPx = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(hiddenPx), `hidden at the side, ${width}`).toBe(0);
      }
    }

    it("at the door", async () => {
      const page = await newPage();
      await page.goto(`${world.url}/dashboard`);
      await signIn(page, "wrong");
      await page.getByRole("alert").waitFor();
      await expectAccessible(page);
    });

    it("on any page", async () => {
      const page = await signedIn();
      const pages: [path: string, shown: string][] = [
        ["", "accessible"],
        [viewOf(tunnel, ""), "Health of the services"],
        [viewOf(tunnel, "requests"), "/8"],
        [viewOf(tunnel, "services"), "Valid. Nothing is changed."],
        [viewOf(tunnel, "tokens"), tunnel.kid],
        ["/log-destinations", "Log destinations"],
        ["/alerts", "nothing is wrong"],
        ["/keys", "API keys"],
        ["/audit-log", "tunnel.create"],
      ];
      for (const [path, shown] of pages) {
        await page.goto(`${world.url}/dashboard${path}`);
        await page.getByText(shown).first().waitFor();
        await expectAccessible(page);
      }
    });

    it("with live requests, and in dialogs", async () => {
      const page = await signedIn(viewOf(tunnel, "live"));
      await page.getByText("Live", { exact: true }).waitFor();
      for (const path of ["/a", "/bc"]) await world.call(tunnel.id, "payments-api", path);
      await page.getByRole("button", { name: "GET /bc" }).waitFor();
      await expectAccessible(page);
      await page.setViewportSize({ width: 1280, height: 844 });
      await page.getByRole("button", { name: "GET /bc" }).click();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Tokens" }).click();
      await page.getByRole("button", { name: "Rotate" }).click();
      await expectAccessible(page);
    });
  });
});
