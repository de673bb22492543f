import { reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registryStub } from "../../worker/env.ts";
import relay from "../../worker/index.ts";
import { ADMIN_KEY, call, bornTunnel, json, problem, RELAY } from "./admin-client.ts";

/** The fields that a browser sends when the relay's own page calls the API. */
const SAME_ORIGIN = { "sec-fetch-site": "same-origin", origin: RELAY, "culvert-csrf": "1" };
const HOUR_MS = 3_600_000;

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

function signInWith(key: unknown, headers: Record<string, string> = SAME_ORIGIN): Promise<Response> {
  return call("POST", "/v1/session", { key: null, body: { key }, headers });
}

/** `name=value`, as the browser sends it back. */
async function cookieOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  expect(response.status, await response.clone().text()).toBe(200);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

function withCookie(
  method: string,
  path: string,
  cookie: string,
  options: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Response> {
  const { headers = SAME_ORIGIN, ...rest } = options;
  return call(method, path, { key: null, headers: { ...headers, cookie }, ...rest });
}

async function sessionSeen(cookie: string) {
  const { session } = await json<{ session: { role: string; actor: string; endsAt: string } | null }>(
    withCookie("GET", "/v1/session", cookie),
  );
  return session;
}

async function newApiKey(role: "admin" | "viewer") {
  return json<{ kid: string; key: string }>(call("POST", "/v1/api-keys", { body: { role } }), 201);
}

describe("signing in", () => {
  it("gives a cookie that only the browser reads, only over TLS, and only for this site's own requests", async () => {
    const answer = await signInWith(ADMIN_KEY);
    expect(await answer.json()).toMatchObject({ session: { role: "admin", actor: "admin-key" } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const [pair = "", ...attributes] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(pair).toMatch(/^__Host-culvert-session=culvert_session_[a-z2-7]{12}_[\w-]{43}_[0-9a-f]{8}$/);
    expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict", "Secure"]);
  });

  it("reports the expiry of a key that ends sooner than a session", async () => {
    const made = await json<{ key: string; expiresAt: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer", expiresInSeconds: 3_600 } }),
      201,
    );
    const answer = await signInWith(made.key);
    expect(await answer.json()).toMatchObject({ session: { endsAt: made.expiresAt } });
    const [, maxAge = ""] = /Max-Age=(\d+)/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
    expect(Number(maxAge)).toBeGreaterThan(0);
    expect(Number(maxAge)).toBeLessThanOrEqual(3_600);
  });

  it("keeps neither the cookie's secret nor the key", async () => {
    const { key } = await newApiKey("viewer");
    const cookies = [await cookieOf(signInWith(ADMIN_KEY)), await cookieOf(signInWith(key))];
    const rows = await runInDurableObject(registryStub(env), (_, state) =>
      JSON.stringify(state.storage.sql.exec("SELECT * FROM sessions").toArray()),
    );
    expect(JSON.parse(rows)).toHaveLength(2);
    // Long enough that it cannot occur by chance.
    const secrets = [key, ...cookies].map((text) => /culvert_[a-z]+_[a-z0-9]+_(.{16})/.exec(text)?.[1]);
    for (const secret of [...secrets, ADMIN_KEY]) {
      expect(secret).toBeDefined();
      expect(rows).not.toContain(secret);
    }
  });

  it.each([
    ["a wrong key", "culvert_api_aaaaaaaaaaaa_wrong"],
    ["a session's secret", "culvert_session_aaaaaaaaaaaa_wrong"],
    ["something else", "x"],
  ])("with %s is refused like any invalid credential", async (_, key) => {
    const answer = await signInWith(key);
    expect(answer.headers.has("set-cookie")).toBe(false);
    expect(await problem(Promise.resolve(answer))).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  });

  it("with an invalid body reveals nothing of it", async () => {
    const answer = await signInWith({ nested: ADMIN_KEY });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).code]).toEqual([400, "INVALID_REQUEST"]);
    expect(text).not.toContain(ADMIN_KEY);
  });

  it("counts with the other failures of an address", async () => {
    // The allowance returns with time.
    vi.useFakeTimers({ toFake: ["Date"] });
    const address = { ...SAME_ORIGIN, "cf-connecting-ip": "192.0.2.77" };
    for (let failure = 0; failure < 60; failure++) expect((await signInWith("x", address)).status).toBe(401);
    expect((await signInWith("x", address)).status).toBe(429);
    expect((await signInWith(ADMIN_KEY, address)).status).toBe(200);
  });

  it.each([
    ["from another site", { ...SAME_ORIGIN, "sec-fetch-site": "cross-site" }],
    ["from a subdomain", { ...SAME_ORIGIN, "sec-fetch-site": "same-site" }],
    ["without the header that no form can send", { "sec-fetch-site": "same-origin" }],
    ["from another origin, in an older browser", { origin: "https://evil.example", "culvert-csrf": "1" }],
    ["of nobody knows where", { "culvert-csrf": "1" }],
  ])("%s is refused, even with the right key", async (_, headers) => {
    const answer = await signInWith(ADMIN_KEY, headers);
    expect(answer.headers.has("set-cookie")).toBe(false);
    expect(await problem(Promise.resolve(answer))).toMatchObject({ status: 403, code: "CROSS_SITE_REFUSED" });
  });

  it("works in a browser that sends only its origin", async () => {
    expect((await signInWith(ADMIN_KEY, { origin: RELAY, "culvert-csrf": "1" })).status).toBe(200);
  });
});

describe("a session", () => {
  it("belongs to its opener, and to nobody without its cookie", async () => {
    const { kid, key } = await newApiKey("viewer");
    const cookie = await cookieOf(signInWith(key));
    expect(await sessionSeen(cookie)).toMatchObject({ role: "viewer", actor: kid });
    expect(await sessionSeen("a=b")).toBeNull();
    expect(await sessionSeen("__Host-culvert-session=nonsense")).toBeNull();
  });

  it("may do what its role allows", async () => {
    const viewer = await cookieOf(signInWith((await newApiKey("viewer")).key));
    expect((await withCookie("GET", "/v1/tunnels", viewer)).status).toBe(200);
    const body = { name: "by a viewer" };
    expect(await problem(withCookie("POST", "/v1/tunnels", viewer, { body }))).toMatchObject({
      code: "FORBIDDEN",
    });
    const admin = await cookieOf(signInWith((await newApiKey("admin")).key));
    expect((await withCookie("POST", "/v1/tunnels", admin, { body: { name: "by an admin" } })).status).toBe(
      201,
    );
  });

  it("appears in the audit log under its key", async () => {
    const { kid, key } = await newApiKey("admin");
    await withCookie("POST", "/v1/tunnels", await cookieOf(signInWith(key)), { body: { name: "a" } });
    const { items } = await json<{ items: { actor: string; action: string }[] }>(
      call("GET", "/v1/audit-log"),
    );
    expect(items[0]).toMatchObject({ actor: kid, action: "tunnel.create" });
  });

  it("ends on sign-out", async () => {
    const cookie = await cookieOf(signInWith(ADMIN_KEY));
    const answer = await withCookie("DELETE", "/v1/session", cookie);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-culvert-session=; .*Max-Age=0/);
    expect(await sessionSeen(cookie)).toBeNull();
    expect((await withCookie("GET", "/v1/tunnels", cookie)).status).toBe(401);
  });

  it("ends with its API key, at once, and no other session does", async () => {
    const { kid, key } = await newApiKey("admin");
    const cookies = [await cookieOf(signInWith(key)), await cookieOf(signInWith(key))];
    const other = await cookieOf(signInWith((await newApiKey("admin")).key));
    await call("DELETE", `/v1/api-keys/${kid}`);
    for (const cookie of cookies) expect((await withCookie("GET", "/v1/tunnels", cookie)).status).toBe(401);
    expect((await withCookie("GET", "/v1/tunnels", other)).status).toBe(200);
  });

  it("of the ADMIN_KEY ends when the key is changed", async () => {
    const cookie = await cookieOf(signInWith(ADMIN_KEY));
    const ofApiKey = await cookieOf(signInWith((await newApiKey("admin")).key));
    const withAnotherKey = (path: string, session: string) =>
      relay.fetch(new Request(`${RELAY}${path}`, { headers: { ...SAME_ORIGIN, cookie: session } }), {
        ...env,
        ADMIN_KEY: "another",
      });
    expect((await withAnotherKey("/v1/tunnels", cookie)).status).toBe(401);
    expect((await withAnotherKey("/v1/tunnels", ofApiKey)).status).toBe(200);
    expect((await withCookie("GET", "/v1/tunnels", cookie)).status).toBe(200);
  });

  it("ends after twelve hours however much it is used, and after one without use", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const startMs = Date.now() + 24 * HOUR_MS;
    vi.setSystemTime(startMs);
    const used = await cookieOf(signInWith(ADMIN_KEY));
    const idle = await cookieOf(signInWith(ADMIN_KEY));
    for (let minutes = 30; minutes < 12 * 60; minutes += 30) {
      vi.setSystemTime(startMs + minutes * 60_000);
      expect(await sessionSeen(used)).not.toBeNull();
      if (minutes === 60) expect(await sessionSeen(idle)).toBeNull();
    }
    vi.setSystemTime(startMs + 12 * HOUR_MS);
    expect(await sessionSeen(used)).toBeNull();
  });

  it("makes room for the key's twenty-first: the least recently used one ends", async () => {
    const cookies: string[] = [];
    vi.useFakeTimers({ toFake: ["Date"] });
    const startMs = Date.now() + 24 * HOUR_MS;
    for (let index = 0; index < 21; index++) {
      vi.setSystemTime(startMs + index * 1000);
      cookies.push(await cookieOf(signInWith(ADMIN_KEY)));
    }
    expect(await sessionSeen(cookies[0] ?? "")).toBeNull();
    expect(await sessionSeen(cookies[1] ?? "")).not.toBeNull();
    expect(await sessionSeen(cookies[20] ?? "")).not.toBeNull();
  });
});

describe("requests that another site makes the browser send", () => {
  const refused = { status: 403, code: "CROSS_SITE_REFUSED" };

  it.each([
    ["POST", "/v1/tunnels", { name: "forged" }],
    ["DELETE", "/v1/session", undefined],
    ["PUT", "/v1/tunnels/tnl_aaaaaaaaaaaaaaaaaaaa/services-configuration", { version: 1, services: [] }],
  ])("%s %s changes nothing", async (method, path, body) => {
    const cookie = await cookieOf(signInWith(ADMIN_KEY));
    const attacks: Record<string, string>[] = [
      { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
      { "sec-fetch-site": "same-site", origin: "https://evil.relay.example", "culvert-csrf": "1" },
      { "sec-fetch-site": "none", "culvert-csrf": "1" },
      { origin: "https://evil.example", "culvert-csrf": "1" },
      { origin: "null", "culvert-csrf": "1" },
      { "sec-fetch-site": "same-origin" },
      {},
    ];
    for (const headers of attacks) {
      expect(await problem(withCookie(method, path, cookie, { headers, body }))).toMatchObject(refused);
    }
    expect(await json<{ items: unknown[] }>(call("GET", "/v1/tunnels"))).toMatchObject({ items: [] });
    expect(await sessionSeen(cookie)).not.toBeNull();
  });

  it("read nothing", async () => {
    const cookie = await cookieOf(signInWith(ADMIN_KEY));
    for (const site of ["cross-site", "same-site"]) {
      const headers = { "sec-fetch-site": site };
      expect(await problem(withCookie("GET", "/v1/tunnels", cookie, { headers }))).toMatchObject(refused);
    }
    const typed = { "sec-fetch-site": "none" };
    expect((await withCookie("GET", "/v1/tunnels", cookie, { headers: typed })).status).toBe(200);
  });

  it("watch nothing: a WebSocket has no preflight", async () => {
    const cookie = await cookieOf(signInWith(ADMIN_KEY));
    const { id } = await bornTunnel();
    const upgrade = { upgrade: "websocket", "sec-websocket-protocol": "culvert.tail.v1" };
    const watch = (headers: Record<string, string>) =>
      withCookie("GET", `/v1/tunnels/${id}/tail`, cookie, { headers: { ...upgrade, ...headers } });
    expect(await problem(watch({ origin: "https://evil.example" }))).toMatchObject(refused);
    expect(await problem(watch({ "sec-fetch-site": "cross-site" }))).toMatchObject(refused);
    expect(await problem(watch({}))).toMatchObject(refused);
    const allowed = await watch({ origin: RELAY });
    expect(allowed.status).toBe(101);
    allowed.webSocket?.accept();
    allowed.webSocket?.close(1000);
  });

  it("with a key of their own are allowed: a browser never sends a key by itself", async () => {
    const headers = { "sec-fetch-site": "cross-site" };
    expect((await call("POST", "/v1/tunnels", { body: { name: "by key" }, headers })).status).toBe(201);
  });
});

describe("the page", () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    call("GET", path, { key: null, headers });

  it("is served for every path under /dashboard, is not cached and cannot be framed", async () => {
    for (const path of ["/dashboard", "/dashboard/tunnels/tnl_a/live"]) {
      const page = await get(path);
      expect(page.status).toBe(200);
      expect(page.headers.get("cache-control")).toBe("no-store");
      expect(page.headers.get("x-frame-options")).toBe("DENY");
      expect(page.headers.get("x-content-type-options")).toBe("nosniff");
      expect(page.headers.get("referrer-policy")).toBe("no-referrer");
      expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
      const policy = (page.headers.get("content-security-policy") ?? "").split("; ");
      expect(policy).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "connect-src 'self'",
          "frame-ancestors 'none'",
          "base-uri 'none'",
          "require-trusted-types-for 'script'",
        ]),
      );
      expect(policy.join()).not.toContain("unsafe");
      expect(await page.text()).not.toMatch(/<script>|<style|\son\w+=/);
    }
  });

  it("loads files whose names change with their content, and which are cached for ever", async () => {
    const html = await (await get("/dashboard")).text();
    const paths = Array.from(html.matchAll(/"(\/dashboard\/assets\/[^"]+)"/g), ([, path]) => path ?? "");
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      const file = await get(path);
      expect([file.status, file.headers.get("cache-control")]).toEqual([
        200,
        "public, max-age=31536000, immutable",
      ]);
      expect(file.headers.get("content-type")).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      const again = await get(path, { "if-none-match": file.headers.get("etag") ?? "" });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    expect(await problem(get("/dashboard/assets/main-OTHER.js"))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("is where / redirects browsers, and nobody else", async () => {
    const headers = { accept: "text/html,*/*" };
    const browser = await exports.default.fetch(new Request(`${RELAY}/`, { headers, redirect: "manual" }));
    expect([browser.status, browser.headers.get("location")]).toEqual([302, "/dashboard"]);
    expect((await get("/")).status).toBe(404);
  });
});
