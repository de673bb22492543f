import { startTwin, type Twin } from "culvert-tunnel/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    gateway: new URL("../gateway/wrangler.toml", import.meta.url),
    vars: { GATEWAY_API_KEY: "key-of-the-tests" },
    services: { "payments-api-prod": (request) => Response.json({ asked: new URL(request.url).pathname }) },
  });
}, 60_000);
afterAll(() => twin?.stop());
beforeEach(() => twin.reset());

const get = (path: string) => twin.fetch(path, { headers: { "x-api-key": "key-of-the-tests" } });

it("does not pass the gateway's key on", async () => {
  expect((await get("/payments/v1/charges")).status).toBe(200);
  expect(twin.requests[0]?.headers.has("x-api-key")).toBe(false);
});

it("says that no connector is attached", async () => {
  await twin.disconnectConnectors();
  const response = await get("/payments/v1/charges");
  expect([response.status, await response.json()]).toEqual([
    503,
    { code: "NO_CONNECTOR", message: "The payments network is not connected right now." },
  ]);
});
