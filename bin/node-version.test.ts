import { describe, expect, it } from "vitest";
import { nodeProblem } from "./node-version.ts";

describe("which Node runs this program", () => {
  it.each(["22.19.0", "22.20.1", "23.0.0", "24.21.0", "100.0.0"])("%s does", (version) => {
    expect(nodeProblem(version)).toBeNull();
  });

  it.each(["18.20.8", "20.20.2", "22.18.9", "22.9.0"])("%s does not, and is told what does", (version) => {
    expect(nodeProblem(version)).toContain("22.19");
    expect(nodeProblem(version)).toContain(version);
  });
});
