import { describe, expect, it } from "vitest";
import type { AlertNotice } from "../../shared/signals/alert.ts";
import { conditionsOf, keyConditionsOf, nextTokenLookMs, type TunnelFacts } from "./conditions.ts";
import { type ConditionState, nextLookMs, step } from "./hysteresis.ts";
import { mergePresence, presenceOf } from "../events/presence.ts";
import { isFinal, jsonMessage, slackMessage } from "./send-notice.ts";

const DAY_MS = 24 * 3600_000;
const PATIENCE = { fireMs: 60, clearMs: 30 };

function tunnel(change: Partial<TunnelFacts> = {}): TunnelFacts {
  const presence = { connectors: [{ id: "a", kid: "k_1" }], failing: [] };
  return {
    ...{ id: "tnl_1", name: "prod", presence, mostConnectors: 1, tokens: [], newlyLost: 0 },
    ...change,
  };
}

const attached = (...ids: string[]) => ({ connectors: ids.map((id) => ({ id, kid: "k_1" })), failing: [] });
const found = (facts: TunnelFacts, known: string[] = []) =>
  conditionsOf(facts, new Set(known), 0).map(({ kind, subject }) =>
    subject === null ? kind : `${kind} ${subject}`,
  );

describe("what is wrong with a tunnel", () => {
  it("is nothing if it always had one connector, or never had any", () => {
    expect(found(tunnel())).toEqual([]);
    expect(found(tunnel({ presence: attached(), mostConnectors: 0 }))).toEqual([]);
  });

  it("is lost redundancy if there were more, and an outage if there is none", () => {
    const before = { mostConnectors: 2 };
    expect(found(tunnel({ ...before, presence: attached("a", "b") }))).toEqual([]);
    expect(found(tunnel({ ...before, presence: attached("a") }))).toEqual(["redundancy_lost"]);
    expect(found(tunnel({ ...before, presence: attached() }))).toEqual(["tunnel_down"]);
    // It is not over because the last one went, too.
    expect(found(tunnel({ ...before, presence: attached() }), ["redundancy_lost"])).toEqual([
      "tunnel_down",
      "redundancy_lost",
    ]);
  });

  it("is a service that no connector reaches, which does not end with an outage", () => {
    const presence = { ...attached("a"), failing: ["orders"] };
    expect(found(tunnel({ presence }))).toEqual(["service_down orders"]);
    expect(found(tunnel({ presence: attached() }), ["service_down orders"])).toContain("service_down orders");
    expect(found(tunnel(), ["service_down orders"])).toEqual([]);
  });

  it("is a token within a week of its end that connectors still use", () => {
    const ending = (kid: string, expiresAtMs: number | null) => tunnel({ tokens: [{ kid, expiresAtMs }] });
    expect(found(ending("k_1", 7 * DAY_MS))).toEqual(["token_ends k_1"]);
    expect(found(ending("k_1", 7 * DAY_MS + 1))).toEqual([]);
    expect(found(ending("k_1", null))).toEqual([]);
    expect(found(ending("k_2", 1))).toEqual([]);
    expect(nextTokenLookMs([{ expiresAtMs: 8 * DAY_MS }], 0)).toBe(DAY_MS);
    expect(nextTokenLookMs([{ expiresAtMs: 6 * DAY_MS }], 0)).toBeNull();
  });

  it("is a key of the admin API within a week of its end", () => {
    const of = (expiresAtMs: number, name: string | null = "deploys") =>
      keyConditionsOf([{ kid: "k_1", name, expiresAtMs }], DAY_MS);
    expect(of(8 * DAY_MS)).toEqual([
      {
        ...{ kind: "token_ends", subject: "k_1" },
        summary: "The API key deploys (k_1) ends at 1970-01-09T00:00:00.000Z.",
      },
    ]);
    expect(of(8 * DAY_MS, null)[0]?.summary).toContain("The API key k_1 ends");
    expect(of(8 * DAY_MS + 1)).toEqual([]);
    expect(of(DAY_MS)).toEqual([]);
  });

  it("is events that were lost since the last check", () => {
    expect(found(tunnel({ newlyLost: 1 }))).toEqual(["events_lost"]);
  });
});

describe("presence", () => {
  const connection = (connectorId: string, health: [string, string][]) =>
    ({ connectorId, kid: "k_1", health: new Map(health) }) as never;

  it("counts connectors, not their connections, and has the services that fail on each of them", () => {
    const down: [string, string][] = [
      ["orders", "UPSTREAM_DNS"],
      ["payments", "UPSTREAM_DNS"],
    ];
    const half: [string, string][] = [
      ["orders", "UPSTREAM_TLS"],
      ["payments", "PENDING"],
    ];
    expect(presenceOf([connection("a", down), connection("a", down), connection("b", half)])).toEqual({
      connectors: [
        { id: "a", kid: "k_1" },
        { id: "b", kid: "k_1" },
      ],
      failing: ["orders"],
    });
    expect(presenceOf([])).toEqual({ connectors: [], failing: [] });
  });

  it("over several objects counts a connector once, and a service that any of them reaches is up", () => {
    const [a, b] = [
      { id: "a", kid: "k" },
      { id: "b", kid: "k" },
    ];
    const merged = mergePresence([
      { connectors: [a, b], failing: ["orders", "payments"] },
      { connectors: [a], failing: ["orders"] },
      { connectors: [], failing: [] },
    ]);
    expect(merged).toEqual({ connectors: [a, b], failing: ["orders"] });
  });
});

describe("hysteresis", () => {
  /** What was told of, at which time, when the condition held at these times and no others. */
  function told(looks: readonly [number, boolean][]): string[] {
    let state: ConditionState | null = null;
    return looks.flatMap(([atMs, holds]) => {
      const next = step(state, holds, atMs, PATIENCE);
      state = next.state;
      return next.tell === null ? [] : [`${next.tell} ${atMs}`];
    });
  }

  it("reports lasting problems once, and their end", () => {
    expect(
      told([
        [0, true],
        [30, true],
        [60, true],
        [90, true],
        [100, false],
        [129, false],
        [130, false],
      ]),
    ).toEqual(["firing 60", "resolved 130"]);
  });

  it("does not report short problems, and reports flapping ones once", () => {
    expect(
      told([
        [0, true],
        [59, false],
        [60, true],
        [119, true],
        [119, false],
      ]),
    ).toEqual([]);
    expect(
      told([
        [0, true],
        [60, true],
        [70, false],
        [80, true],
        [90, false],
        [110, true],
        [120, false],
      ]),
    ).toEqual(["firing 60"]);
  });

  it("says when to look again", () => {
    expect(nextLookMs({ state: "pending", sinceMs: 5, changedAtMs: 5 }, PATIENCE)).toBe(65);
    expect(nextLookMs({ state: "clearing", sinceMs: 5, changedAtMs: 70 }, PATIENCE)).toBe(100);
    expect(nextLookMs({ state: "firing", sinceMs: 5, changedAtMs: 70 }, PATIENCE)).toBeNull();
  });
});

describe("a notice", () => {
  const notice: AlertNotice = {
    ...{
      status: "resolved",
      kind: "service_down",
      subject: "a",
      tunnel: { id: "tnl_1", name: "<!channel>" },
    },
    ...{ summary: "No connector of <!channel> & co reaches a.", sinceMs: 0, atMs: 1_000 },
  };

  it("says what is wrong, with which tunnel, and since when", () => {
    expect(jsonMessage(notice)).toMatchObject({
      ...{ event: "alert", version: 1, status: "resolved", kind: "service_down", subject: "a" },
      ...{ since: "1970-01-01T00:00:00.000Z", at: "1970-01-01T00:00:01.000Z" },
    });
  });

  it("for Slack contains no markup from a tunnel's name", () => {
    expect(slackMessage(notice).text).toBe(
      ":large_green_circle: Resolved: No connector of &lt;!channel&gt; &amp; co reaches a. (tnl_1)",
    );
  });

  it.each([
    [400, true],
    [410, true],
    [401, false],
    [404, false],
    [429, false],
    [500, false],
    [null, false],
  ])("that is answered with %s is given up: %s", (status, given) => expect(isFinal({ status })).toBe(given));
});
