import { startTwin, type Twin } from "culvert-tunnel/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    gateway: new URL("../wrangler.jsonc", import.meta.url),
    secrets: { GATEWAY_API_KEY: "key-of-the-tests" },
    services: {
      "payments-api-prod": async (request) =>
        Response.json({ path: new URL(request.url).pathname, body: await request.text() }),
    },
  });
});
afterAll(() => twin?.stop());
beforeEach(() => twin.reset());

const headers = { "x-api-key": "key-of-the-tests" };

it("routes a request to its service without the gateway's key", async () => {
  const response = await twin.fetch("/payments/v1/charges", { method: "POST", headers, body: "12 EUR" });
  expect(await response.json()).toEqual({ path: "/v1/charges", body: "12 EUR" });
  expect(twin.requests).toMatchObject([{ service: "payments-api-prod", environment: "production" }]);
  expect(twin.requests[0]?.headers.has("x-api-key")).toBe(false);
});

it("refuses requests without the key", async () => {
  expect((await twin.fetch("/payments/v1")).status).toBe(401);
  expect(twin.requests).toEqual([]);
});

it("has no other routes", async () => {
  expect((await twin.fetch("/other/v1", { headers })).status).toBe(404);
  expect((await twin.fetch("/constructor/v1", { headers })).status).toBe(404);
});

it("says that the service is down, and when to try again", async () => {
  twin.fail("payments-api-prod", "UPSTREAM_REFUSED");
  const response = await twin.fetch("/payments/v1", { headers });
  expect([response.status, response.headers.get("retry-after")]).toEqual([502, "1"]);
});
