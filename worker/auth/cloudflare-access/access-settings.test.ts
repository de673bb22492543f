import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accessSettings } from "./access-settings.ts";

describe("the settings of Cloudflare Access", () => {
  beforeEach(() => void vi.spyOn(console, "error").mockReturnValue(undefined));
  afterEach(() => void vi.restoreAllMocks());

  const issuerOf = (team: string) =>
    accessSettings({ ACCESS_TEAM_DOMAIN: team, ACCESS_AUD: "a" })?.issuer ?? null;

  it.each([
    ["myteam", "https://myteam.cloudflareaccess.com"],
    ["MyTeam.cloudflareaccess.com", "https://myteam.cloudflareaccess.com"],
    ["https://myteam.cloudflareaccess.com/", "https://myteam.cloudflareaccess.com"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://myteam.cloudflareaccess.com", null],
    ["https://a:b@myteam.cloudflareaccess.com", null],
    ["https://myteam.cloudflareaccess.com/path", null],
    ["not a team", null],
  ])("take %s as %s", (team, issuer) => {
    expect(issuerOf(team)).toBe(issuer);
  });

  it("let nobody in if they are incomplete", () => {
    expect(accessSettings({})).toBeNull();
    expect(accessSettings({ ACCESS_TEAM_DOMAIN: "myteam" })).toBeNull();
    const { adminGroups, viewerGroups } = accessSettings({ ACCESS_TEAM_DOMAIN: "t", ACCESS_AUD: "a" }) ?? {};
    expect([adminGroups?.size, viewerGroups?.size]).toEqual([0, 0]);
  });
});
