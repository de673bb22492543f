import { describe, expect, it } from "vitest";
import type { Connector, Token, TunnelDetails } from "../api-types.ts";
import { startSteps } from "./start-steps.ts";

const token: Token = {
  ...{ kid: "k_1", createdAt: "2026-11-23T12:00:00.000Z", expiresAt: null, lastUsedAt: null, connectors: 0 },
};
const NEW: TunnelDetails = {
  ...{ id: "tnl_1", name: "new", createdAt: token.createdAt, status: "inactive" },
  ...{
    connectors: [],
    objects: [],
    tokens: [token],
    services: [],
    capturing: [],
    servicesConfigurationVersion: 0,
  },
};
const states = (tunnel: TunnelDetails) =>
  startSteps(tunnel).map(({ isDone, state }) => `${isDone ? "done" : "open"}: ${state}`);

describe("the first steps of a tunnel", () => {
  it("are open except for the token, which is created with the tunnel", () => {
    expect(states(NEW)).toEqual([
      "done: created",
      "open: not seen yet",
      "open: none is named",
      "open: not seen yet",
    ]);
    expect(states({ ...NEW, tokens: [] })[0]).toBe("open: there is none");
  });

  it("are each done independently of the others", () => {
    const connectors = [{ id: "con_1", name: "rack-7" } as Connector];
    expect(states({ ...NEW, connectors, services: ["a-api", "b-api", "c-api", "d-api"] })).toEqual([
      "done: created",
      "done: attached: rack-7",
      "done: a-api, b-api, c-api and 1 more",
      "open: not seen yet",
    ]);
  });

  it("tell a connector that is gone from one that never came", () => {
    const used = { ...token, lastUsedAt: token.createdAt };
    expect(states({ ...NEW, tokens: [used] })[1]).toBe("open: was attached, and has left");
  });
});
