import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

const get = (path: string) =>
  exports.default.fetch(`https://gateway.example${path}`, { headers: { "x-api-key": "key-of-the-tests" } });

it("routes a request to its service", async () => {
  expect(await (await get("/payments/v1/charges")).json()).toEqual({ asked: "/v1/charges" });
});

it("answers for a service that is too slow in the gateway's own words", async () => {
  const response = await get("/services/orders-api/x");
  expect([response.status, await response.json()]).toEqual([
    504,
    { code: "UPSTREAM_RESPONSE_TIMEOUT", message: "The service did not answer in time." },
  ]);
});
