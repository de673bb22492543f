import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Registry } from "../../worker/index.ts";
import { parseGatewayRoute } from "../../worker/gateway-route.ts";
import { bornTunnel, call, createTunnel, json } from "./admin-client.ts";

const ABSENT = "tnl_aaaaaaaaaaaaaaaaaaaa";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function gatewayKey(): Promise<{ kid: string; key: string }> {
  const body = { project: "my-project", environment: "production" };
  return json(call("POST", "/v1/gateway-keys", { body }), 201);
}

async function send(path: string, key: string | null, headers: Record<string, string> = {}) {
  const fields = { ...headers, ...(key === null ? {} : { "culvert-gateway-key": key }) };
  const response = await call("GET", path, { key: null, headers: fields });
  const { code } = await response.json<{ code: string }>();
  expect(response.headers.get("culvert-error")).toBe(code);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return { code, status: response.status, headers: response.headers };
}

describe("parseGatewayRoute", () => {
  it.each([
    ["/~/tnl_x/payments-api/v1/charges?limit=3", "http://payments-api/v1/charges?limit=3"],
    ["/~/tnl_x/Payments-API", "http://payments-api/"],
    ["/~/tnl_x/payments-api?a=b", "http://payments-api/?a=b"],
    ["/~/tnl_x/payments-api/", "http://payments-api/"],
    ["/%7e/tnl_x/payments-api/~/%2F//../%2e?x=/../", "http://payments-api/~/%2F//../%2e?x=/../"],
    ["/~/tnl_x/external-api.local:8080/x", "http://external-api.local:8080/x"],
    ["/~/tnl_x/external-api.local%3A8080/x", "http://external-api.local:8080/x"],
    ["/~/tnl_x/%70ayments/x", "http://payments/x"],
    ["/~/tnl_x/[fd00::1]:81/x", "http://[fd00::1]:81/x"],
    ["/~/tnl_x/10.0.0.7/x", "http://10.0.0.7/x"],
    ["/~/tnl_x/payments:80/x", "http://payments:80/x"],
  ])("reads %s", (path, url) => {
    expect(parseGatewayRoute(path)).toEqual({ tunnelId: "tnl_x", url });
  });

  it.each([
    "/~/tnl_x",
    "/~/tnl_x/",
    "/~/tnl_x//payments-api",
    "/~/tnl_x?payments-api/x",
    "/~//payments-api/x",
    "/~/tnl_x/user@payments/x",
    "/~/tnl_x/user%40payments/x",
    "/~/tnl_x/payments%2Fadmin/x",
    "/~/tnl_x/payments%5Cadmin/x",
    "/~/tnl_x/payments%3Fx/y",
    "/~/tnl_x/payments%23x/y",
    "/~/tnl_x/payments%2570/x",
    "/~/tnl_x/payments%/x",
    "/~/tnl_x/payments%00/x",
    "/~/tnl_x/payments%0d%0a/x",
    "/~/tnl_x/p%C3%A4yments/x",
    "/~/tnl_x/./x",
    "/~/tnl_x/../x",
    "/~/tnl_x/payments:/x",
    "/~/tnl_x/payments:080/x",
    "/~/tnl_x/payments:99999/x",
    "/~/tnl_x/2852039166/x",
    "/~/tnl_x/0xa9fea9fe/x",
    "/~/tnl_x/[fd00:0::1]/x",
    "/x/tnl_x/payments/x",
  ])("refuses %s", (path) => {
    expect(parseGatewayRoute(path)).toBeNull();
  });
});

describe("a gateway's key", () => {
  it("gets the tunnel's own answers", async () => {
    const { id } = await createTunnel();
    const { key } = await gatewayKey();
    expect(await send(`/~/${id}/payments-api/x`, key)).toMatchObject({
      status: 404,
      code: "UNKNOWN_SERVICE",
    });
    expect(await send(`/~/${ABSENT}/payments-api/x`, key)).toMatchObject({
      status: 404,
      code: "UNKNOWN_TUNNEL",
    });
    expect(await send("/~/elsewhere/payments-api/x", key)).toMatchObject({
      status: 404,
      code: "UNKNOWN_TUNNEL",
    });
    expect(await send(`/~/${id}/user%40payments/x`, key)).toMatchObject({ status: 400, code: "BAD_REQUEST" });
    expect(await send(`/~/${id}`, key)).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  });

  it("gets the same 401 whatever is wrong with it, for any path", async () => {
    const { id, token } = await createTunnel();
    const { kid, key } = await gatewayKey();
    const other = await json<{ key: string }>(call("POST", "/v1/api-keys", { body: { role: "admin" } }), 201);
    expect((await call("DELETE", `/v1/gateway-keys/${kid}`)).status).toBe(204);
    const headers = { "cf-connecting-ip": "203.0.113.20" };
    for (const wrong of [null, "", "x", key, `${key}x`, other.key, token]) {
      for (const tunnel of [id, ABSENT, "elsewhere"]) {
        const refusal = await send(`/~/${tunnel}/payments-api/x`, wrong, headers);
        expect(refusal).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
        expect(refusal.headers.get("www-authenticate")).toBe("culvert-gateway-key");
      }
    }
  });

  it("works while the Registry fails; for an unknown tunnel, the answer is to try again", async () => {
    const { id } = await bornTunnel();
    const { key } = await gatewayKey();
    for (const method of ["tunnelConfig", "isGatewayKey", "lookUp"] as const) {
      vi.spyOn(Registry.prototype, method).mockImplementation(() => {
        throw new Error("the Registry is away");
      });
    }
    expect(await send(`/~/${id}/payments-api/x`, key)).toMatchObject({ code: "UNKNOWN_SERVICE" });
    expect(await send("/~/elsewhere/payments-api/x", key)).toMatchObject({ status: 503, code: "OVERLOADED" });
    expect(await send(`/~/${ABSENT}/payments-api/x`, key)).toMatchObject({ status: 503, code: "OVERLOADED" });
  });

  it("does not pass as a claim of the client's own making", async () => {
    const { id } = await createTunnel();
    const headers = {
      "cf-connecting-ip": "203.0.113.22",
      "culvert-claim": '{"kind":"request","project":"my-project","environment":"production"}',
      authorization: "Bearer admin-key-of-the-tests-0123456789abcdef",
    };
    expect(await send(`/~/${id}/payments-api/x`, null, headers)).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
