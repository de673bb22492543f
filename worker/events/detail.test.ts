import { describe, expect, it } from "vitest";
import { remedyOf } from "../../shared/verdict/remedies.ts";
import { PUBLIC_CODES } from "../../shared/protocol/public-code.ts";
import { detailOf } from "./detail.ts";

describe("the detail of a failure", () => {
  it("stays unchanged", () => {
    const said = "no connection to 10.0.0.5:8080: ECONNREFUSED";
    expect(detailOf(said)).toBe(said);
  });

  it("is bounded, and contains nothing that a terminal would obey", () => {
    expect(detailOf("x".repeat(100_000))).toHaveLength(256);
    expect(detailOf("a\u001b[31mb\r\nc\u202Ed\u2028e\u0085f")).toBe("a?[31mb??c?d?e?f");
  });

  it.each([
    "http://user:hunter2hunter2@host/",
    "Authorization: Bearer hunter2hunter2",
    "basic hunter2hunter2==",
    "culvert_api_hunter2hunter2hunter2hunter2",
    "jwt eyJhbGciOiJub25l.hunter2hunter2.x",
  ])("holds no secret: %s", (text) => {
    expect(detailOf(text)).not.toContain("hunter2");
    expect(detailOf(text)).toContain("[secret]");
  });

  it("is not slow, whatever it is", () => {
    const startMs = performance.now();
    for (const text of ["://".repeat(50_000), "bearer ".repeat(50_000), "eyJ".repeat(50_000)]) detailOf(text);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it("has a sentence on what to do, for every code", () => {
    for (const code of PUBLIC_CODES) expect(remedyOf(code), code).toMatch(/^[A-Z].*[.?]$/);
    expect(remedyOf(null)).toBeNull();
    expect(remedyOf("SOMETHING_NEW")).toBeNull();
  });
});
