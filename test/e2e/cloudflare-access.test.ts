import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import { AccessIssuer } from "../support/servers/access-issuer.ts";
import type { TokenOptions } from "../support/servers/token-issuer.ts";

const ADMIN_KEY = "admin-key-of-the-access-tests-0123456789";

const issuer = new AccessIssuer();
let directory: string;
let relay: WorkerdProcess;
let callers = 0;
/** The answer to the first call. */
let whileDown: Called;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-access-"));
  await issuer.listen();
  relay = await startWorkerd({
    relay: {
      bundlePath: RELAY_BUNDLE,
      adminKey: ADMIN_KEY,
      mayCallPrivate: true,
      vars: {
        ACCESS_TEAM_DOMAIN: issuer.url,
        ACCESS_AUD: `another-aud, ${issuer.audience}`,
        ACCESS_ADMIN_GROUPS: "platform, 0f8a-group-id",
        ACCESS_VIEWER_GROUPS: "developers",
      },
    },
    persistDir: join(directory, "state"),
    port: 0,
  });
  // While the issuer does not answer, nobody gets in, and nobody is refused for good.
  issuer.isDown = true;
  whileDown = await call({});
  issuer.isDown = false;
  await eventually("the issuer to be asked again", 30_000, async () => (await call({})).status !== 503);
});
afterAll(async () => {
  await relay?.stop(500);
  await issuer.close();
  await rm(directory, { recursive: true, force: true });
});

interface Called {
  status: number;
  body: { code?: string; session?: object | null; notice?: string; items?: { actor: string }[] };
}

/** Each call comes from an address of its own, because failures are counted by address. */
async function call(
  token: TokenOptions | string,
  {
    method = "GET",
    path = "/v1/tunnels",
    headers = {},
    body,
  }: {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: object;
  } = {},
): Promise<Called> {
  callers++;
  const response = await fetch(`${relay.url}${path}`, {
    method,
    headers: {
      "cf-access-jwt-assertion": typeof token === "string" ? token : issuer.token(token),
      "cf-connecting-ip": `192.0.2.${callers}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text || "null") as Called["body"] };
}

const sameOrigin = () => ({ origin: relay.url, "culvert-csrf": "1" });
const is = (email: string, more: object = {}): TokenOptions => ({ claims: { email, ...more } });

it("roles come by groups: by name, by id, of the token itself or of the issuer; without one there is none", async () => {
  issuer.groups.set("admin@example.com", ["platform"]);
  issuer.groups.set("admin-by-id@example.com", [{ id: "0f8a-group-id", name: "x" }]);
  issuer.groups.set("viewer@example.com", [{ id: "1", name: "developers" }]);
  issuer.groups.set("stranger@example.com", ["others", "*", { name: "Platform" }]);
  const create = {
    method: "POST",
    path: "/v1/tunnels",
    body: { name: "made by a person" },
    headers: sameOrigin(),
  };
  for (const [token, reads, writes] of [
    [is("admin@example.com"), 200, 201],
    [is("admin-by-id@example.com"), 200, 201],
    [is("viewer@example.com"), 200, 403],
    [is("token@example.com", { custom: { groups: ["platform"] } }), 200, 201],
    [is("token-viewer@example.com", { groups: ["developers"] }), 200, 403],
    [is("stranger@example.com"), 403, 403],
    [is("unknown@example.com"), 403, 403],
    [is("platform", { groups: ["platform"] }), 403, 403],
    [{ claims: { email: undefined, common_name: "a service", groups: ["platform"] } }, 403, 403],
  ] as const)
    expect([(await call(token)).status, (await call(token, create)).status], JSON.stringify(token)).toEqual([
      reads,
      writes,
    ]);
  // ES256 is accepted too.
  expect(
    (await call({ ...is("admin@example.com"), header: { alg: "ES256", kid: "ec-1" }, signedBy: "ec" }))
      .status,
  ).toBe(200);

  const audit = await call(is("admin@example.com"), { path: "/v1/audit-log" });
  const actors = audit.body.items?.map(({ actor }) => actor);
  expect(actors).toContain("access:admin@example.com");
  expect(actors).toContain("access:token@example.com");
});

it("the dashboard learns who is signed in, and why somebody is not", async () => {
  const path = "/v1/session";
  const seen = await call(is("v@example.com", { groups: ["developers"] }), { path });
  expect(seen.body).toMatchObject({
    session: { role: "viewer", actor: "access:v@example.com", signOutUrl: "/cdn-cgi/access/logout" },
  });
  const nobody = await call(is("n@example.com", { groups: ["others"] }), { path });
  expect(nobody).toMatchObject({
    status: 200,
    body: { session: null, notice: expect.stringContaining("groups") },
  });
  expect((await call("nonsense", { path })).body).toEqual({ session: null });
  // An expired session does not stop the request.
  const headers = { cookie: "__Host-culvert-session=over" };
  const again = await call(is("v@example.com", { groups: ["developers"] }), { path, headers });
  expect(again.body).toMatchObject({ session: { actor: "access:v@example.com" } });
});

it("an invalid token gives no access", async () => {
  const claims = { email: "admin@example.com", groups: ["platform"] };
  const bad = {
    ...issuer.badTokens(claims),
    "of the team, not of the application": issuer.token({ claims: { ...claims, type: "org" } }),
  };
  const askedBefore = issuer.asked;
  for (const [name, token] of Object.entries(bad))
    expect(await call(token), name).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
  // Unknown key ids do not make the relay fetch the issuer's keys each time.
  expect(issuer.asked - askedBefore).toBeLessThanOrEqual(3);
  expect((await call({ claims })).status).toBe(200);
});

it("counts as the browser's credential: no other site may use it, and a key takes precedence", async () => {
  const token = is("admin@example.com", { groups: ["platform"] });
  const create = { method: "POST", body: { name: "by another site" } };
  const crossing = { "sec-fetch-site": "cross-site", origin: "https://evil.example", "culvert-csrf": "1" };
  for (const headers of [
    crossing,
    {},
    { origin: relay.url },
    { ...sameOrigin(), "sec-fetch-site": "same-site" },
  ])
    expect((await call(token, { ...create, headers })).body.code).toBe("CROSS_SITE_REFUSED");
  expect((await call(token, { headers: { "sec-fetch-site": "cross-site" } })).body.code).toBe(
    "CROSS_SITE_REFUSED",
  );
  expect((await call(token, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  expect((await call("nonsense", { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).status).toBe(200);
});

it("gives neither a gateway nor a connector access to a tunnel", async () => {
  const token = is("admin@example.com", { groups: ["platform"] });
  expect((await call(token, { path: "/~/tnl_aaaaaaaaaaaaaaaaaaaa/api/x" })).status).toBe(401);
  const headers = { "cf-access-jwt-assertion": issuer.token(token) };
  const socket = new WebSocket(`${relay.url}/v1/connect`, "culvert.v1", { headers });
  const [, refusal] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  refusal.resume();
  expect(refusal.statusCode).toBe(401);
});

it("lets nobody in if the issuer never answered, and asks to try again", () => {
  expect(whileDown).toMatchObject({ status: 503, body: { code: "ACCESS_UNAVAILABLE" } });
});

it("lets in earlier users if the issuer is down, and asks others to try again", async () => {
  issuer.groups.set("known@example.com", ["platform"]);
  const known = issuer.token(is("known@example.com"));
  expect((await call(known)).status).toBe(200);
  issuer.isDown = true;
  try {
    expect((await call(known)).status).toBe(200);
    expect(await call(is("new@example.com"))).toMatchObject({
      status: 503,
      body: { code: "ACCESS_UNAVAILABLE" },
    });
    expect((await call(is("new@example.com", { aud: "x" }))).status).toBe(401);
  } finally {
    issuer.isDown = false;
  }
});
