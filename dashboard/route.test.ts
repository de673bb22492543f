import { describe, expect, it } from "vitest";
import { pathOf, type Route, routeOf } from "./route.ts";

describe("routes", () => {
  it.each<[string, Route]>([
    ["/dashboard", { page: "tunnels" }],
    ["/dashboard/tunnels/tnl_abc", { page: "tunnel", tunnelId: "tnl_abc", view: "overview" }],
    ["/dashboard/tunnels/tnl_abc/live", { page: "tunnel", tunnelId: "tnl_abc", view: "live" }],
    [
      "/dashboard/tunnels/tnl_abc/requests/0190c0de-0000-4000-8000-000000000000",
      {
        ...{ page: "tunnel", tunnelId: "tnl_abc", view: "requests" },
        requestId: "0190c0de-0000-4000-8000-000000000000",
      },
    ],
    ["/dashboard/log-destinations", { page: "log-destinations" }],
    ["/dashboard/alerts", { page: "alerts" }],
    ["/dashboard/audit-log", { page: "audit-log" }],
  ])("%s is parsed as a page, whose path is the same again", (path, route) => {
    expect(routeOf(path)).toEqual(route);
    expect(pathOf(route)).toBe(path);
  });

  it.each([
    "/dashboard/nowhere",
    "/dashboard/tunnels/tnl_abc/nowhere",
    "/dashboard/tunnels/tnl_abc/live/more",
    "/dashboard/tunnels/tnl_abc/requests/a/b",
    "/dashboard/tunnels/tnl_abc/requests/a%2fb",
    "/dashboard/tunnels/a%2f..%2fb",
    "/dashboard/keys/k_abc",
  ])("%s is no page", (path) => {
    expect(routeOf(path)).toEqual({ page: "missing" });
  });

  it("the URL contains the search, and other parameters are ignored", () => {
    const route = routeOf("/dashboard/tunnels/tnl_abc/requests", "?code=any&path=%2Fa%26b&harm=1&service=");
    expect(route).toMatchObject({ view: "requests", filter: { code: "any", path: "/a&b" } });
    expect(pathOf(route)).toBe("/dashboard/tunnels/tnl_abc/requests?code=any&path=%2Fa%26b");
  });

  it("a slash too many changes nothing", () => {
    expect(routeOf("/dashboard/tunnels/")).toEqual({ page: "tunnels" });
  });
});
