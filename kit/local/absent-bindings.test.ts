import { expect, it } from "vitest";
import { absentBindings } from "./absent-bindings.ts";

it("finds bindings that only an account has, and Workers that were not given", () => {
  const config = {
    name: "gateway",
    vars: { remote: true },
    ai: { binding: "AI" },
    browser: undefined,
    kv_namespaces: [
      { binding: "LOCAL", id: "x" },
      { binding: "REMOTE", id: "y", remote: true },
    ],
    send_email: [{ name: "MAIL", remote: true }],
    services: [
      { binding: "TUNNEL", service: "culvert", entrypoint: "TunnelBinding" },
      { binding: "AUTH", service: "auth" },
      { binding: "SELF", service: "gateway" },
    ],
    vpc_services: [{ binding: "VPC", service_id: "z" }],
    routes: ["api.example.com/*"],
  };
  expect(absentBindings(config, new Set(["gateway", "culvert"]))).toEqual([
    ...["AI", "REMOTE", "MAIL", "AUTH", "VPC"],
  ]);
});
