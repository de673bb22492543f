import { describe, expect, it } from "vitest";
import { tunnelError } from "../gateway/index.ts";
import { fakeTunnel } from "./fake-tunnel.ts";

const services = {
  "payments-api-prod": (request: Request) => new Response(`${request.method} ${request.url}`),
};

describe("fakeTunnel", () => {
  it("passes a request to its service with the path unchanged", async () => {
    const tunnel = fakeTunnel({ services });
    const response = await tunnel(
      new Request("http://PAYMENTS-api-prod/v1/a%2Fb?x=1", { method: "POST", body: "b" }),
    );
    expect(await response.text()).toBe("POST http://payments-api-prod.fake/v1/a%2Fb?x=1");
  });

  it("decides by the rules of a services file, as the relay does", async () => {
    const servicesFile = {
      version: 1,
      services: [
        {
          ...{ name: "payments-api-prod", endpoint: "http://payments.internal:8080/base" },
          configurations: [{ project: "my-project", accessibleBy: "production", paths: ["/v1"] }],
        },
      ],
    };
    const production = fakeTunnel({ services, servicesFile });
    expect(await (await production(new Request("http://payments-api-prod/v1/x"))).text()).toContain(
      "/base/v1/x",
    );
    const outside = await production(new Request("http://payments-api-prod/admin"));
    expect(tunnelError(outside)).toMatchObject({ code: "ACCESS_DENIED", status: 403 });
    const preview = fakeTunnel({ services, servicesFile, environment: "preview" });
    expect(tunnelError(await preview(new Request("http://payments-api-prod/v1")))?.code).toBe(
      "ACCESS_DENIED",
    );
    expect(tunnelError(await production(new Request("http://nobody/")))?.code).toBe("UNKNOWN_SERVICE");
  });

  it("fails on request, with the relay's own response", async () => {
    const tunnel = fakeTunnel({ services, failures: { "payments-api-prod": "UPSTREAM_RESPONSE_TIMEOUT" } });
    const response = await tunnel(new Request("http://payments-api-prod/"));
    expect([response.status, response.headers.get("proxy-status")]).toEqual([
      ...[504, "culvert; error=http_response_timeout"],
    ]);
    expect(tunnelError(response)).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", retryable: false });
  });
});
