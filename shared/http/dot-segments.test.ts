import { describe, expect, it } from "vitest";
import { climbs } from "./dot-segments.ts";

/** Percent-encoded so many times. */
function encoded(text: string, times: number): string {
  if (times === 0) return text;
  const once = Array.from(text)
    .map((character) => `%${character.charCodeAt(0).toString(16)}`)
    .join("");
  return encoded(once, times - 1);
}

describe("climbs", () => {
  it.each([
    "/../admin",
    "/..",
    "/a/%2e%2E/b",
    "/a/..%2fb",
    "/a%2f..%2fb",
    "/a\\..\\b",
    "/a%5c..",
    "/%252e%252e/b",
    "/%2525252e%2525252e/b",
    "/..;x/b",
    "/..;/b",
    "/..%3bx",
    "/..%00/b",
    "/..%00x/b",
    "/.%00./b",
    "/..%09/b",
    "/.%09./b",
    "/..%0a/b",
    "/%0d../b",
    "/..%20/b",
    "/%20../b",
    "/..+/b",
    "/.. ./b",
    "/..%20./b",
    "/..%a0/b",
    "/..%c2%a0/b",
    "/..%e2%80%8b/b",
    "/..%3f/b",
    "/..%23/b",
    "/..::$INDEX_ALLOCATION/b",
    "/%u002e%u002e/b",
    "/%c0%ae%c0%ae/b",
    "/%c0%ae./b",
    "/..%c0%afb",
    "/..%c1%9cb",
    "/%c0%2e%c0%2e/b",
    "/%e0%80%ae%e0%80%ae/b",
    "/..%e0%80%afb",
    "/%f0%80%80%ae%f0%80%80%ae/b",
    "/%fc%80%80%80%80%ae./b",
    "/%25c0%25ae%25c0%25ae/b",
    "/%c1/../b",
    "/a%c0/../b",
    "/\uff0e\uff0e/b",
    "/%ef%bc%8e%ef%bc%8e/b",
    "/%uff0e%uff0e/b",
    "/%e2%80%a5/b",
    "/%e2%80%a4%e2%80%a4/b",
    "/..%ef%bc%8fb",
    "/..%ef%bc%bcb",
    "/..%e2%88%95b",
    "/..%c2%a5b",
    "/x%2f%2e%2e%5cb",
  ])("%s does", (path) => {
    expect(climbs(path)).toBe(true);
  });

  it("however often its dots are encoded", () => {
    for (let times = 1; times <= 8; times++)
      expect(climbs(`/a/${encoded("..", times)}/b`), `${times}`).toBe(true);
    expect(climbs(`/${"%25".repeat(5_000)}2e%${"25".repeat(5_000)}2e/x`)).toBe(true);
  });

  it.each([
    "/",
    "/a/./b",
    "/a//b",
    "/group%2Fproject",
    "/a..b/...",
    "/..a/b..",
    "/.hidden/.well-known",
    "/x?y=../..",
    "/100%25",
    "/100%2525",
    "/caf%e9",
    "/%C0_la_carte",
    "/caf%C3%A9/%E6%97%A5%E6%9C%AC",
    "/%E2%80%A6",
    "/v1.0/users:list",
    "/2001:db8::1/..x",
    "/a%20b.txt/c+d.e",
    "/%",
    "/%zz..",
    "/file.%20txt",
  ])("%s does not", (path) => {
    expect(climbs(path)).toBe(false);
  });
});
