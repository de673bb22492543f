import axe from "axe-core";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { RELAY_BUNDLE } from "../../../scripts/bundle.ts";
import { eventually } from "../../../scripts/demo/eventually.ts";
import { chromiumPath, launchChromium } from "../../support/chromium.ts";
import { ADMIN_KEY, DashboardWorld, type Tunnel } from "../../support/dashboard-world.ts";

/** Only a hang takes this long. */
export const WAIT_MS = 60_000;

const APPEARS_MS = 2_000;

export const executable = chromiumPath();

/** The dashboard's animations are off, since every frame of them would be drawn. */
const newContext = (browser: Browser): Promise<BrowserContext> =>
  browser.newContext({ reducedMotion: "reduce" });

/** One relay and one browser for every case of the dashboard. */
export class Stage {
  readonly world: DashboardWorld;
  readonly browser: Browser;
  #admin: Promise<BrowserContext> | null = null;

  constructor(world: DashboardWorld, browser: Browser) {
    this.world = world;
    this.browser = browser;
  }

  async apiKey(role: "admin" | "viewer") {
    return this.world.admin<{ kid: string; key: string }>("POST", "/api-keys", { role });
  }

  /** Signed in once, for all cases that need no session of their own. Its pages load at once. */
  admin(): Promise<BrowserContext> {
    return (this.#admin ??= this.signedInContext());
  }

  async signedInContext(): Promise<BrowserContext> {
    const context = await newContext(this.browser);
    const answer = await context.request.post(`${this.world.url}/v1/session`, {
      data: { key: ADMIN_KEY },
      headers: { "culvert-csrf": "1", origin: this.world.url },
    });
    if (!answer.ok()) throw new Error(`signing in: ${answer.status()}`);
    return context;
  }
}

/** The pages of one case. They are closed with it, and none of them may have reported an error. */
export class Pages {
  readonly #stage: Stage;
  readonly #opened: { close(): Promise<void> }[] = [];
  readonly #pages: Page[] = [];
  /** Errors that a page reported, including violations of its content security policy. */
  complaints: string[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Signed in as the admin. */
  async admin(path = ""): Promise<Page> {
    const page = await (await this.#stage.admin()).newPage();
    this.#opened.push(page);
    this.#listen(page);
    return this.#go(page, path);
  }

  /**
   * The same in a browser of its own. Playwright's `routeWebSocket` affects every page of a browser, and fails if another
   * case closes one.
   */
  async adminAlone(): Promise<Page> {
    const context = await this.#stage.signedInContext();
    this.#opened.push(context);
    const page = await context.newPage();
    this.#listen(page);
    return page;
  }

  /** In a browser context of its own, where nobody is signed in. */
  async stranger(): Promise<Page> {
    const context = await newContext(this.#stage.browser);
    this.#opened.push(context);
    const page = await context.newPage();
    this.#listen(page);
    return page;
  }

  /** Signed in through the form with this key. */
  async signedIn(path: string, key: string): Promise<Page> {
    const page = await this.stranger();
    await page.goto(`${this.#stage.world.url}/dashboard${path}`);
    await signIn(page, key);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    return page;
  }

  async close(): Promise<void> {
    // The last request of a page may still be on its way through a route of the test.
    for (const page of this.#pages) await page.unrouteAll({ behavior: "ignoreErrors" });
    for (const opened of this.#opened) await opened.close();
    if (this.complaints.length > 0) throw new Error(`the page complained: ${this.complaints.join("; ")}`);
  }

  async #go(page: Page, path: string): Promise<Page> {
    await page.goto(`${this.#stage.world.url}/dashboard${path}`);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    return page;
  }

  #listen(page: Page): void {
    this.#pages.push(page);
    page.setDefaultTimeout(WAIT_MS);
    page.on("pageerror", ({ message }) => this.complaints.push(message));
    page.on("console", (message) => {
      // A 4xx is not an error of the page. Tests that expect one check what the page shows.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(message.text());
      }
    });
  }
}

/**
 * Whether the element appears soon. If it does not, the event that shows it may have been lost, and the test tries once
 * more.
 */
export function appears(locator: Locator): Promise<boolean> {
  return locator.waitFor({ timeout: APPEARS_MS }).then(
    () => true,
    () => false,
  );
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export const viewOf = ({ id }: Pick<Tunnel, "id">, view: string) => `/tunnels/${id}/${view}`;

export const ok = () => ({ status: 200, text: "fine" });

/** Waits until the relay has counted this many requests of the last hour in the tunnel's traffic. */
export async function untilCounted(world: DashboardWorld, tunnelId: string, requests: number): Promise<void> {
  await eventually("the traffic", WAIT_MS, async () => {
    const path = `/tunnels/${tunnelId}/traffic?windowMinutes=60`;
    const { points } = await world.admin<{ points: { requests: number }[] }>("GET", path);
    return points.reduce((sum, point) => sum + point.requests, 0) >= requests;
  });
}

/** Waits until an expression has this value on the page. The page's policy forbids Playwright's own way of waiting. */
export async function untilIs(page: Page, expression: string, value: string): Promise<void> {
  await eventually(
    `${expression} is ${value}`,
    WAIT_MS,
    async () => (await page.evaluate(expression)) === value,
  );
}

/** Goes to another page of the dashboard as the browser's back button does, without loading anything again. */
export async function turnTo(page: Page, path: string): Promise<void> {
  const url = JSON.stringify(`/dashboard${path}`);
  await page.evaluate(`history.pushState(null, "", ${url}); dispatchEvent(new PopStateEvent("popstate"))`);
}

interface Look {
  colorScheme: "light" | "dark";
  width: number;
  /** In the dark theme only colours differ. */
  rules: readonly string[] | null;
}

const LOOKS: readonly Look[] = [
  { colorScheme: "light", width: 1280, rules: null },
  { colorScheme: "dark", width: 768, rules: ["color-contrast", "link-in-text-block"] },
  { colorScheme: "light", width: 360, rules: null },
];

/**
 * Expects that axe-core finds nothing in the light theme, in the dark theme on a tablet, and on a phone; and that nothing
 * is cut off at the side.
 */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  for (const { colorScheme, width, rules } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    // The report has no details of rules that passed.
    const asked = { resultTypes: ["violations"], selectors: false };
    const options = JSON.stringify(rules === null ? asked : { ...asked, runOnly: rules });
    const violations = await page.evaluate<string[]>(`axe.run(${options}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html).join(" ")))`);
    expect(violations, `${page.url()} ${colorScheme} ${width}`).toEqual([]);
    const hiddenPx = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(hiddenPx), `hidden at the side of ${page.url()}, ${width}`).toBe(0);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 844 });
}

/** One case of the dashboard. */
export const it = test.extend<{ stage: Stage; pages: Pages }>({
  stage: [
    // oxlint-disable-next-line no-empty-pattern -- what vitest reads the fixture's needs from
    async ({}, use) => {
      const [world, browser] = await Promise.all([
        DashboardWorld.start(RELAY_BUNDLE),
        launchChromium(executable ?? ""),
      ]);
      await use(new Stage(world, browser));
      await browser.close();
      await world.stop();
    },
    { scope: "file" },
  ],
  pages: async ({ stage }, use) => {
    const pages = new Pages(stage);
    await use(pages);
    await pages.close();
  },
});
