import { describe, expect, it } from "vitest";
import { accessOf, draftOf, listOf, withAccess, withRule } from "./services-draft.ts";

const TEXT = JSON.stringify({
  version: 1,
  services: [
    {
      name: "a-api",
      endpoint: "http://a",
      retry: true,
      configurations: [{ project: "p", accessibleBy: "production", paths: ["/v1"] }],
    },
  ],
});

describe("the form's view of a services file", () => {
  it("exists for JSON with rules, valid or not", () => {
    expect(draftOf(TEXT)?.services).toHaveLength(1);
    expect(draftOf('{"services": [{"name": 7}]}')?.services).toEqual([{ name: 7 }]);
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"services": {}}',
      '{"services": [1]}',
      '{"services":[],"networks":1}',
    ])
      expect(draftOf(text), text).toBeNull();
  });

  it("changes, adds and removes a rule, and keeps what it does not show", () => {
    const [rule = {}] = draftOf(TEXT)?.services ?? [];
    const opened = withAccess(rule, 0, { project: "p", environments: ["production", "preview"] });
    expect(JSON.parse(withRule(TEXT, "services", 0, { ...opened, name: "b-api" }))).toEqual({
      version: 1,
      services: [
        {
          ...{ name: "b-api", endpoint: "http://a", retry: true },
          configurations: [{ project: "p", accessibleBy: ["production", "preview"], paths: ["/v1"] }],
        },
      ],
    });
    expect(withAccess(rule, 0, null)["configurations"]).toEqual([]);
    expect(JSON.parse(withRule(TEXT, "services", 0, null))).toEqual({ version: 1, services: [] });
    expect(JSON.parse(withRule(TEXT, "networks", 0, { hosts: ["h"] }))).toMatchObject({
      networks: [{ hosts: ["h"] }],
    });
    expect(accessOf({ configurations: [{ project: 1, accessibleBy: ["x", 2] }, null] })).toEqual([
      { project: "", environments: ["x"] },
      { project: "", environments: [] },
    ]);
    expect(accessOf({ configurations: "all" })).toEqual([]);
    expect(listOf(" production,preview  working-copy,")).toEqual(["production", "preview", "working-copy"]);
  });
});
