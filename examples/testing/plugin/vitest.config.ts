import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { fakeTunnel } from "culvert-tunnel/testing";
import { defineConfig } from "vitest/config";

const tunnel = fakeTunnel({
  services: {
    "payments-api-prod": (request) => Response.json({ asked: new URL(request.url).pathname }),
    "orders-api": () => new Response("never"),
  },
  failures: { "orders-api": "UPSTREAM_RESPONSE_TIMEOUT" },
});

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "../../gateway/gateway.ts",
      miniflare: {
        compatibilityDate: "2026-11-17",
        bindings: { GATEWAY_API_KEY: "key-of-the-tests" },
        serviceBindings: { TUNNEL: tunnel },
      },
    }),
  ],
  test: { include: ["gateway.test.ts"] },
});
