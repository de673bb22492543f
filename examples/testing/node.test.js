import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startTwin } from "culvert-tunnel/testing";

/** @type {import("culvert-tunnel/testing").Twin} */
let twin;
before(async () => {
  twin = await startTwin({
    gateway: new URL("../gateway/wrangler.toml", import.meta.url),
    vars: { GATEWAY_API_KEY: "key-of-the-tests" },
    services: { "payments-api-prod": (request) => Response.json({ asked: new URL(request.url).pathname }) },
  });
});
after(() => twin?.stop());
beforeEach(() => twin.reset());

const get = (path) => twin.fetch(path, { headers: { "x-api-key": "key-of-the-tests" } });

test("routes a request to its service", async () => {
  assert.deepEqual(await (await get("/payments/v1/charges")).json(), { asked: "/v1/charges" });
  assert.equal(twin.requests[0]?.service, "payments-api-prod");
});

test("answers for an upstream that is down in the gateway's own words", async () => {
  twin.fail("payments-api-prod", "UPSTREAM_REFUSED");
  const response = await get("/payments/v1/charges");
  assert.equal(response.status, 502);
  assert.deepEqual(await response.json(), {
    message: "The service is unavailable.",
    code: "UPSTREAM_REFUSED",
  });
});
