import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CLOSE_REVOKED } from "../../shared/protocol/limits.ts";
import { parseToken } from "../../shared/tokens/token.ts";
import apiPage from "../../docs/api.md?raw";
import { API_PATIENCE } from "../../worker/api/in-time.ts";
import { PROBLEMS } from "../../worker/api/problem.ts";
import { registryStub, tunnelStub } from "../../worker/env.ts";
import relay, { Registry, Tunnel } from "../../worker/index.ts";
import { TunnelStore } from "../../worker/tunnel/tunnel-store.ts";
import { ADMIN_KEY, RELAY, bornTunnel, call, connect, createTunnel, json, problem } from "./admin-client.ts";
import { attached } from "./hand-connector.ts";

const file = {
  version: 1,
  services: [
    {
      name: "payments-api-prod",
      endpoint: "http://payments.internal:8080",
      configurations: [{ project: "my-project", accessibleBy: ["production"] }],
    },
  ],
};

/** The copy that the tunnel's object keeps. */
function heldConfig(tunnelId: string) {
  return runInDurableObject(tunnelStub(env, tunnelId), (_, state) => new TunnelStore(state.storage).config());
}

function servicesPath(tunnelId: string): string {
  return `/v1/tunnels/${tunnelId}/services-configuration`;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("tunnels", () => {
  it("are created with a token that names the relay and the tunnel, and that is shown once", async () => {
    const created = await createTunnel("payments");
    const parsed = parseToken(created.token);
    expect(parsed).toMatchObject({
      ok: true,
      token: { relayUrl: RELAY, tunnelId: created.id, kid: created.kid },
    });

    const shown = await (await call("GET", `/v1/tunnels/${created.id}`)).text();
    expect(shown).not.toContain(created.token);
    expect(JSON.parse(shown)).toMatchObject({
      id: created.id,
      name: "payments",
      status: "inactive",
      connectors: [],
      services: [],
      tokens: [
        { kid: created.kid, createdAt: created.createdAt, expiresAt: null, lastUsedAt: null, connectors: 0 },
      ],
    });
  });

  it("are listed page by page, each once", async () => {
    const created = [];
    for (let index = 0; index < 7; index++) created.push((await createTunnel(`tunnel ${index}`)).id);
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "?limit=3" : `?limit=3&cursor=${cursor}`;
      const page: { items: { id: string }[]; nextCursor: string | null } = await json(
        call("GET", `/v1/tunnels${query}`),
      );
      expect(page.items.length).toBeLessThanOrEqual(3);
      listed.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(listed).toEqual(created);
  });

  it("are gone after deletion, for the API and for their object", async () => {
    const { id } = await bornTunnel();
    expect((await call("DELETE", `/v1/tunnels/${id}`)).status).toBe(204);
    expect(await problem(call("GET", `/v1/tunnels/${id}`))).toMatchObject({ code: "NOT_FOUND" });
    expect(await problem(call("DELETE", `/v1/tunnels/${id}`))).toMatchObject({ code: "NOT_FOUND" });
    expect(await problem(call("GET", servicesPath(id)))).toMatchObject({ code: "NOT_FOUND" });
    expect(await heldConfig(id)).toMatchObject({ deleted: true, tokens: [], services: [], gatewayKeys: [] });
    expect(await registryStub(env).tunnelConfig(id)).toBeNull();
  });
});

describe("tokens", () => {
  it("are both valid during the overlap", async () => {
    const { id, kid } = await bornTunnel();
    const rotated = await json<{ kid: string; token: string }>(
      call("POST", `/v1/tunnels/${id}/tokens`, { body: { overlapSeconds: 60 } }),
      201,
    );
    const log = await json<{ items: object[] }>(call("GET", "/v1/audit-log?limit=1"));
    expect(log.items).toMatchObject([
      {
        action: "token.create",
        target: id,
        before: { tokens: kid },
        after: { token: rotated.kid, overlapSeconds: 60 },
      },
    ]);
    const config = await heldConfig(id);
    expect(config?.tokens.map((token) => [token.kid, token.expiresAtMs === null])).toEqual([
      [kid, false],
      [rotated.kid, true],
    ]);

    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await runDurableObjectAlarm(registryStub(env));
    expect((await heldConfig(id))?.tokens.map((token) => token.kid)).toEqual([rotated.kid]);
  });

  it("are never shortened silently by a second overlap", async () => {
    const { id, kid } = await createTunnel();
    type Rotated = { kid: string; shortened: { kid: string; expiresAt: string }[] };
    const rotate = (overlapSeconds: number) =>
      json<Rotated>(call("POST", `/v1/tunnels/${id}/tokens`, { body: { overlapSeconds } }), 201);
    const first = await rotate(3_600);
    expect(first.shortened).toEqual([]);
    const second = await rotate(60);
    expect(second.shortened).toEqual([{ kid, expiresAt: expect.any(String) }]);
    expect(Date.parse(second.shortened[0]?.expiresAt ?? "") - Date.now()).toBeGreaterThan(3_000_000);
    const { items } = await json<{ items: object[] }>(call("GET", "/v1/audit-log?limit=1"));
    expect(items).toMatchObject([{ action: "token.create", after: { shortened: kid } }]);
    // A token that ends before the overlap does keeps its end.
    expect((await rotate(3_600)).shortened).toEqual([]);
  });

  it("end at once without overlap", async () => {
    const { id } = await bornTunnel();
    const { kid } = await json<{ kid: string }>(
      call("POST", `/v1/tunnels/${id}/tokens`, { body: { overlapSeconds: 0 } }),
      201,
    );
    expect((await heldConfig(id))?.tokens).toMatchObject([{ kid, expiresAtMs: null }]);
  });

  it("are ended by an alarm when they expire", async () => {
    const { id } = await bornTunnel();
    await json(call("POST", `/v1/tunnels/${id}/tokens`, { body: { overlapSeconds: 1 } }), 201);
    await vi.waitFor(async () => expect((await heldConfig(id))?.tokens).toHaveLength(1), { timeout: 10_000 });
  });

  it("are revoked before the answer comes", async () => {
    const { id, kid } = await bornTunnel();
    expect((await call("DELETE", `/v1/tunnels/${id}/tokens/${kid}`)).status).toBe(204);
    expect((await heldConfig(id))?.tokens).toEqual([]);
    expect(await problem(call("DELETE", `/v1/tunnels/${id}/tokens/${kid}`))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("do not work for another tunnel", async () => {
    const [one, two] = [await bornTunnel(), await bornTunnel()];
    expect((await call("DELETE", `/v1/tunnels/${one.id}/tokens/${two.kid}`)).status).toBe(404);
    expect((await heldConfig(two.id))?.tokens).toHaveLength(1);
  });

  it("are limited in number", async () => {
    const { id } = await createTunnel();
    const path = `/v1/tunnels/${id}/tokens`;
    for (let index = 1; index < 10; index++) await json(call("POST", path), 201);
    expect(await problem(call("POST", path))).toMatchObject({ code: "LIMIT_REACHED", status: 409 });
    expect((await call("POST", path, { body: { overlapSeconds: 0 } })).status).toBe(201);
  });
});

describe("the services configuration", () => {
  it("is empty at first, stored unchanged, and active at the tunnel's object when the answer comes", async () => {
    const { id } = await bornTunnel();
    const first = await call("GET", servicesPath(id));
    expect(first.headers.get("etag")).toBe('"0"');
    expect(await first.json()).toEqual({ version: 1, services: [], networks: [] });

    const put = await call("PUT", servicesPath(id), { body: file });
    expect(put.status).toBe(200);
    expect(put.headers.get("etag")).toBe('"1"');
    expect(await json(call("GET", servicesPath(id)))).toEqual(file);
    expect((await heldConfig(id))?.services).toEqual(file.services);
    expect(await json(call("GET", `/v1/tunnels/${id}`))).toMatchObject({
      services: ["payments-api-prod"],
      servicesConfigurationVersion: 1,
    });
  });

  it("is replaced only if If-Match names the newest version", async () => {
    const { id } = await createTunnel();
    const put = (ifMatch: string) =>
      call("PUT", servicesPath(id), { body: file, headers: { "if-match": ifMatch } });
    expect((await put('"0"')).status).toBe(200);
    expect(await problem(put('"0"'))).toMatchObject({ code: "PRECONDITION_FAILED", status: 412 });
    expect((await put('"7", "1"')).status).toBe(200);
    expect((await put('W/"2"')).status).toBe(412);
    expect((await put("2")).status).toBe(412);
    expect((await put("*")).status).toBe(200);
  });

  it("lets one of many writers of the same version win", async () => {
    const { id } = await createTunnel();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        call("PUT", servicesPath(id), { body: file, headers: { "if-match": '"0"' } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 412),
    ]);
  });

  it("can be read in earlier versions", async () => {
    const { id } = await createTunnel();
    await call("PUT", servicesPath(id), { body: file });
    await call("PUT", servicesPath(id), { body: { version: 1, services: [] } });
    expect(await json(call("GET", `${servicesPath(id)}?version=1`))).toEqual(file);
    expect((await call("GET", `${servicesPath(id)}?version=9`)).status).toBe(404);
  });

  it("is refused with the place of every problem", async () => {
    const { id } = await bornTunnel();
    const [service] = file.services;
    const body = { version: 1, services: [{ ...service, url: "x", endpoint: "ftp://x" }], extra: true };
    const refusal = await problem(call("PUT", servicesPath(id), { body }));
    expect(refusal).toMatchObject({ code: "INVALID_REQUEST", status: 400 });
    expect(refusal.problems?.map(({ path }) => path).sort()).toEqual([
      "extra",
      "services[0].endpoint",
      "services[0].url",
    ]);
    expect((await heldConfig(id))?.services).toEqual([]);
  });

  it("is pushed again by the alarm until the tunnel's object has it", async () => {
    const { id } = await bornTunnel();
    vi.spyOn(Tunnel.prototype, "applyConfig")
      .mockRejectedValueOnce(new Error("not now"))
      .mockRejectedValueOnce(new Error("nor now"));
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect((await call("PUT", servicesPath(id), { body: file })).status).toBe(200);
    expect((await heldConfig(id))?.services).toEqual([]);
    await vi.waitFor(async () => expect((await heldConfig(id))?.services).toEqual(file.services), {
      timeout: 20_000,
    });
    expect(warned).toHaveBeenCalledWith(
      expect.objectContaining({ event: "config_push_failed", objectName: id, attempts: 2 }),
    );
  });
});

describe("keys", () => {
  it("of gateways reach every tunnel, and are removed from it", async () => {
    const { id } = await bornTunnel();
    const caller = { project: "my-project", environment: "production" };
    const created = await json<{ kid: string; key: string }>(
      call("POST", "/v1/gateway-keys", { body: caller }),
      201,
    );
    expect((await heldConfig(id))?.gatewayKeys).toEqual([
      { kid: created.kid, ...caller, digestHex: expect.any(String) },
    ]);
    expect(await json(call("GET", "/v1/gateway-keys"))).toMatchObject({
      items: [{ kid: created.kid, ...caller }],
    });
    expect((await call("DELETE", `/v1/gateway-keys/${created.kid}`)).status).toBe(204);
    expect((await heldConfig(id))?.gatewayKeys).toEqual([]);
    expect((await call("DELETE", `/v1/gateway-keys/${created.kid}`)).status).toBe(404);
  });

  it("of the API give the access of their role until they are deleted", async () => {
    const created = await json<{ kid: string; key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    const { key } = created;
    expect((await call("GET", "/v1/tunnels", { key })).status).toBe(200);
    expect(await problem(call("POST", "/v1/tunnels", { key, body: { name: "x" } }))).toMatchObject({
      code: "FORBIDDEN",
    });
    expect((await call("DELETE", `/v1/api-keys/${created.kid}`)).status).toBe(204);
    expect(await problem(call("GET", "/v1/tunnels", { key }))).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("with the role admin write, under their own name", async () => {
    const { kid, key } = await json<{ kid: string; key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "admin" } }),
      201,
    );
    const { id } = await json<{ id: string }>(call("POST", "/v1/tunnels", { key, body: { name: "x" } }), 201);
    const log = await json<{ items: object[] }>(call("GET", "/v1/audit-log"));
    expect(log.items[0]).toMatchObject({ actor: kid, action: "tunnel.create", target: id });
  });
});

describe("the audit log", () => {
  it("says who changed what, newest first, and contains no secret", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.7" };
    const { id, kid, token } = await json<{ id: string; kid: string; token: string }>(
      call("POST", "/v1/tunnels", { body: { name: "n" }, headers }),
      201,
    );
    await call("PUT", servicesPath(id), { body: file, headers });
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    await call("DELETE", `/v1/tunnels/${id}/tokens/${kid}`, { headers });

    const text = await (await call("GET", "/v1/audit-log")).text();
    for (const secret of [token, key, ADMIN_KEY]) expect(text).not.toContain(secret);
    const { items } = JSON.parse(text) as { items: object[] };
    const by = { actor: "admin-key", address: "203.0.113.7" };
    expect(items).toMatchObject([
      { ...by, action: "token.revoke", target: id, before: { token: kid }, after: null },
      { actor: "admin-key", action: "api-key.create", before: null, after: { role: "viewer" } },
      {
        ...by,
        action: "services-configuration.update",
        target: id,
        before: { version: 0 },
        after: { version: 1 },
      },
      { ...by, action: "tunnel.create", target: id, before: null, after: { name: "n", token: kid } },
    ]);
  });

  it("is read page by page", async () => {
    for (let index = 0; index < 3; index++) await createTunnel();
    const first = await json<{ items: { id: number }[]; nextCursor: string }>(
      call("GET", "/v1/audit-log?limit=2"),
    );
    const rest = await json<{ items: { id: number }[] }>(
      call("GET", `/v1/audit-log?limit=2&cursor=${first.nextCursor}`),
    );
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(rest).toMatchObject({ nextCursor: null });
  });
});

describe("refusals", () => {
  it.each([null, "", "wrong", `${ADMIN_KEY}x`, "culvert_api_abcdefghijkl_x", "a b"])(
    "the key %j gets the same 401 as any other",
    async (key) => {
      const headers = { "cf-connecting-ip": "203.0.113.1" };
      const refusal = await problem(call("GET", "/v1/tunnels", { key, headers }));
      expect({ ...refusal, headers: refusal.headers.get("www-authenticate") }).toEqual({
        code: "UNAUTHENTICATED",
        status: 401,
        title: "A valid key is required",
        headers: "Bearer",
      });
    },
  );

  it("slow down an address that keeps guessing, but no other address and no right key from there", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.66" };
    const guess = () => call("GET", "/v1/tunnels", { key: "guess", headers });
    for (let failure = 0; failure < 60; failure++) await guess();
    const refusal = await problem(guess());
    expect(refusal).toMatchObject({ code: "RATE_LIMITED", status: 429 });
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await call("GET", "/v1/tunnels", { headers })).status).toBe(200);
    const elsewhere = { "cf-connecting-ip": "203.0.113.67" };
    expect((await call("GET", "/v1/tunnels", { key: "guess", headers: elsewhere })).status).toBe(401);
  });

  it.each([
    ["no ADMIN_KEY", "", "This relay has no ADMIN_KEY"],
    ["one that is too short", "0123456789abcdef0123456789abcde", "shorter than 32 characters"],
  ])("of a relay with %s say so, in its log too; its API keys still work", async (_, adminKey, says) => {
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const ask = async (credential: string) => {
      const headers = { authorization: `Bearer ${credential}`, "cf-connecting-ip": "203.0.113.68" };
      const request = new Request(`${RELAY}/v1/tunnels`, { headers });
      return relay.fetch(request, { ...env, ADMIN_KEY: adminKey });
    };
    for (const credential of [adminKey, ADMIN_KEY, "guess"]) {
      const refusal = await problem(ask(credential));
      expect(refusal).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
      expect(refusal.detail).toContain(says);
      if (adminKey !== "") expect(JSON.stringify(refusal)).not.toContain(adminKey);
    }
    expect((await ask(key)).status).toBe(200);
    // The dashboard's first page makes this request.
    const session = await relay.fetch(new Request(`${RELAY}/v1/session`), { ...env, ADMIN_KEY: adminKey });
    expect(await session.json()).toEqual({ session: null, notice: expect.stringContaining(says) });
    // Once for each isolate, so that the log does not grow with each guess.
    const told = logged.mock.calls.filter(
      ([line]) => (line as { event?: string }).event === "admin_key_refused",
    );
    expect(told.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["an unknown key", { name: "x", extra: 1 }, "extra"],
    ["no name", {}, "name"],
    ["a name that is no text", { name: 7 }, "name"],
    ["a name with a line end", { name: "a\nb" }, "name"],
    ["a list", [], ""],
  ])("a tunnel with %s", async (_, body, path) => {
    const refusal = await problem(call("POST", "/v1/tunnels", { body }));
    expect(refusal).toMatchObject({ code: "INVALID_REQUEST", status: 400, problems: [{ path }] });
  });

  it.each([
    ["what is not JSON", "POST", "/v1/tunnels", "{", "INVALID_REQUEST"],
    [
      "a body over the limit",
      "POST",
      "/v1/tunnels",
      JSON.stringify({ name: "x".repeat(5000) }),
      "BODY_TOO_LARGE",
    ],
    ["an unknown query parameter", "GET", "/v1/tunnels?offset=1", undefined, "INVALID_REQUEST"],
    ["a cursor of its own making", "GET", "/v1/tunnels?cursor=zzz", undefined, "INVALID_REQUEST"],
    ["a page of 1000", "GET", "/v1/tunnels?limit=1000", undefined, "INVALID_REQUEST"],
    ["a role that does not exist", "POST", "/v1/api-keys", '{"role":"root"}', "INVALID_REQUEST"],
    ["a tunnel that does not exist", "GET", "/v1/tunnels/tnl_aaaaaaaaaaaaaaaaaaaa", undefined, "NOT_FOUND"],
    ["a token for no tunnel", "POST", "/v1/tunnels/tnl_aaaaaaaaaaaaaaaaaaaa/tokens", undefined, "NOT_FOUND"],
    ["a token for what is no tunnel's id", "POST", "/v1/tunnels/x/tokens", undefined, "NOT_FOUND"],
    ["a path that does not exist", "GET", "/v1/nothing", undefined, "NOT_FOUND"],
    ["a path outside the API", "GET", "/", undefined, "NOT_FOUND"],
    ["a method that is not there", "PATCH", "/v1/tunnels", undefined, "METHOD_NOT_ALLOWED"],
  ])("%s", async (_, method, path, body, code) => {
    expect(await problem(call(method, path, { body }))).toMatchObject({ code });
  });

  it("names the methods that are allowed", async () => {
    expect((await call("PATCH", "/v1/tunnels")).headers.get("allow")).toBe("POST, GET");
  });
});

describe("without any key", () => {
  it("healthz answers", async () => {
    expect(await json(call("GET", "/healthz", { key: null }))).toEqual({ status: "ok" });
  });

  it("docs/api.md lists every operation with its role, and every code", async () => {
    type Document = { paths: Record<string, Record<string, { description: string }>> };
    const { paths } = await json<Document>(call("GET", "/v1/openapi.json", { key: null }));
    const listed = Array.from(
      apiPage.matchAll(/^\| `([A-Z]+ \/v1\S+)` +\| (admin|viewer) /gm),
      ([, route, role]) => `${route} ${role}`,
    );
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { description }]) => `${method.toUpperCase()} ${path} ${/`(\w+)`/.exec(description)?.[1]}`,
      ),
    );
    expect(listed.sort()).toEqual(documented.sort());
    const codes = Array.from(apiPage.matchAll(/^\| `([A-Z_]+)` +\| (\d+) /gm), ([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(codes).toEqual(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]));
  });

  it("docs shows every operation to people, without a script", async () => {
    const answer = await call("GET", "/v1/docs", { key: null });
    const html = await answer.text();
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const { paths } = await json<{ paths: Record<string, object> }>(
      call("GET", "/v1/openapi.json", { key: null }),
    );
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(html.match(/<h2>/g)).toHaveLength(operations.length);
    expect(html).toContain("<code>PUT /v1/tunnels/{tunnelId}/services-configuration</code>");
    expect(html).toContain("<code>admin</code>");
  });

  it("openapi.json describes every operation with its schemas", async () => {
    type Operation = { operationId: string; responses: Record<string, object>; requestBody?: object };
    const document = await json<{ paths: Record<string, Record<string, Operation>> }>(
      call("GET", "/v1/openapi.json", { key: null }),
    );
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.sort()).toEqual([
      "DELETE /v1/alerts/{alertId}",
      "DELETE /v1/api-keys/{kid}",
      "DELETE /v1/gateway-keys/{kid}",
      "DELETE /v1/log-destinations/{destinationId}",
      "DELETE /v1/tunnels/{tunnelId}",
      "DELETE /v1/tunnels/{tunnelId}/captures/{captureId}",
      "DELETE /v1/tunnels/{tunnelId}/identities/{identityId}",
      "DELETE /v1/tunnels/{tunnelId}/tokens/{kid}",
      "GET /v1/alerts",
      "GET /v1/api-keys",
      "GET /v1/audit-log",
      "GET /v1/gateway-keys",
      "GET /v1/log-destinations",
      "GET /v1/log-destinations/{destinationId}",
      "GET /v1/metrics",
      "GET /v1/tunnels",
      "GET /v1/tunnels/{tunnelId}",
      "GET /v1/tunnels/{tunnelId}/captures",
      "GET /v1/tunnels/{tunnelId}/captures/{captureId}/requests",
      "GET /v1/tunnels/{tunnelId}/identities",
      "GET /v1/tunnels/{tunnelId}/metrics",
      "GET /v1/tunnels/{tunnelId}/requests",
      "GET /v1/tunnels/{tunnelId}/requests/{requestId}/capture",
      "GET /v1/tunnels/{tunnelId}/services-configuration",
      "GET /v1/tunnels/{tunnelId}/services/versions",
      "GET /v1/tunnels/{tunnelId}/tail",
      "GET /v1/tunnels/{tunnelId}/traffic",
      "PATCH /v1/tunnels/{tunnelId}",
      "POST /v1/alerts",
      "POST /v1/alerts/{alertId}/test",
      "POST /v1/api-keys",
      "POST /v1/gateway-keys",
      "POST /v1/log-destinations",
      "POST /v1/log-destinations/{destinationId}/test",
      "POST /v1/tunnels",
      "POST /v1/tunnels/{tunnelId}/captures",
      "POST /v1/tunnels/{tunnelId}/captures/{captureId}/stop",
      "POST /v1/tunnels/{tunnelId}/identities",
      "POST /v1/tunnels/{tunnelId}/services/rollback",
      "POST /v1/tunnels/{tunnelId}/tokens",
      "PUT /v1/log-destinations/{destinationId}",
      "PUT /v1/tunnels/{tunnelId}/identities/{identityId}/keys",
      "PUT /v1/tunnels/{tunnelId}/services-configuration",
    ]);
    expect(document.paths["/v1/tunnels"]?.["post"]).toMatchObject({
      requestBody: {
        content: { "application/json": { schema: { required: ["name"], additionalProperties: false } } },
      },
      responses: { 201: {}, 400: {}, 401: {}, 403: {}, 409: {}, 413: {}, 429: {} },
    });
  });
});

describe("a connector's WebSocket", () => {
  it.each([
    ["from a browser", { origin: RELAY }, 403, "ORIGIN_REFUSED"],
    ["without an upgrade", { upgrade: "" }, 426, "UPGRADE_REQUIRED"],
    ["with an unknown subprotocol", { "sec-websocket-protocol": "culvert.v9" }, 426, "UPGRADE_REQUIRED"],
    ["without a token", {}, 401, "UNAUTHENTICATED"],
    [
      "with a token of wrong checksum",
      { authorization: "Bearer culvert_x_00000000" },
      401,
      "UNAUTHENTICATED",
    ],
  ])("is refused %s", async (_, headers, status, code) => {
    expect(await problem(connect({ ...headers }))).toMatchObject({ status, code });
  });

  it("is refused with a bad checksum without reading any storage", async () => {
    const { token } = await createTunnel();
    const asked = [vi.spyOn(Registry.prototype, "tunnelConfig"), vi.spyOn(Tunnel.prototype, "fetch")];
    const last = token.at(-1) === "0" ? "1" : "0";
    const forged = `${token.slice(0, -1)}${last}`;
    const refused = await problem(connect({ authorization: `Bearer ${forged}` }));
    expect(refused).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    expect(asked.map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
    const accepted = await connect({ authorization: `Bearer ${token}` });
    expect(accepted.status).toBe(101);
    expect(asked[1]?.mock.calls.length).toBe(1);
    accepted.webSocket?.accept();
    accepted.webSocket?.close(1000);
  });

  it("says which subprotocol is supported", async () => {
    const refusal = await connect({ "sec-websocket-protocol": "culvert.v9" });
    expect(refusal.headers.get("sec-websocket-protocol")).toBe("culvert.v1");
    await refusal.body?.cancel();
  });

  it("is refused in the same way with the token of a deleted tunnel and with a revoked one", async () => {
    const [one, two] = [await createTunnel(), await createTunnel()];
    await call("DELETE", `/v1/tunnels/${one.id}`);
    await call("DELETE", `/v1/tunnels/${two.id}/tokens/${two.kid}`);
    for (const { token } of [one, two]) {
      const refusal = await problem(connect({ authorization: `Bearer ${token}` }));
      expect(refusal).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    }
  });

  it("is accepted with the tunnel's token, and seen", async () => {
    const { id, kid, token } = await createTunnel();
    const answer = await connect({ authorization: `Bearer ${token}` });
    expect(answer.status).toBe(101);
    expect(answer.headers.get("sec-websocket-protocol")).toBe("culvert.v1");
    answer.webSocket?.accept();
    const tunnel = await json<{ tokens: { kid: string; lastUsedAt: string | null }[] }>(
      call("GET", `/v1/tunnels/${id}`),
    );
    expect(tunnel.tokens).toEqual([expect.objectContaining({ kid, lastUsedAt: expect.any(String) })]);
    answer.webSocket?.close(1000);
  });

  it("is cut by revocation while its object hibernates", async () => {
    const tunnel = await createTunnel();
    const peer = await attached(tunnel);
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    expect((await call("DELETE", `/v1/tunnels/${tunnel.id}/tokens/${tunnel.kid}`)).status).toBe(204);
    await vi.waitFor(() => expect(peer.closed?.code).toBe(CLOSE_REVOKED), { timeout: 10_000 });
  });

  it("is accepted while the Registry fails, even after the tunnel's object was evicted", async () => {
    const { id, token } = await bornTunnel();
    await evictDurableObject(tunnelStub(env, id));
    vi.spyOn(Registry.prototype, "tunnelConfig").mockRejectedValue(new Error("the Registry is away"));
    const answer = await connect({ authorization: `Bearer ${token}` });
    expect(answer.status).toBe(101);
    answer.webSocket?.accept();
    answer.webSocket?.close(1000);
  });
});

describe("a part of the relay that hangs", () => {
  // With a timer, because the runtime ends a request that waits for nothing.
  const hang = () => new Promise<never>((resolve) => setTimeout(resolve, 20_000));

  it("ends each kind of admin call with 504, without asking twice", async () => {
    const { id } = await createTunnel();
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer", name: "v" } }),
      201,
    );
    const patience = { ...API_PATIENCE };
    API_PATIENCE.answerWithinMs = 50;
    try {
      const calls: [
        method: "tunnels" | "createTunnel" | "apiKeyRole" | "openSession",
        () => Promise<Response>,
      ][] = [
        ["tunnels", () => call("GET", "/v1/tunnels")],
        ["createTunnel", () => call("POST", "/v1/tunnels", { body: { name: "once" } })],
        ["apiKeyRole", () => call("GET", `/v1/tunnels/${id}`, { key })],
        [
          "openSession",
          () =>
            call("POST", "/v1/session", {
              key: null,
              body: { key },
              headers: { "sec-fetch-site": "same-origin", "culvert-csrf": "1" },
            }),
        ],
      ];
      for (const [method, made] of calls) {
        const asked = vi.spyOn(Registry.prototype, method).mockImplementation(hang);
        if (method === "openSession") vi.spyOn(Registry.prototype, "apiKeyRole").mockReturnValue("viewer");
        expect(await problem(made()), method).toMatchObject({ status: 504, code: "NO_ANSWER" });
        // None if this machine was too slow to get that far.
        expect(asked.mock.calls.length, method).toBeLessThanOrEqual(1);
        vi.restoreAllMocks();
      }
    } finally {
      Object.assign(API_PATIENCE, patience);
    }
  });
});
