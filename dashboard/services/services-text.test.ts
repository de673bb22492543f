import { describe, expect, it } from "vitest";
import { parseServices } from "./services-text.ts";

describe("what is wrong with a services file", () => {
  it("has a line and the name of the service that it is about", () => {
    const text = `{
  "version": 1,
  "services": [
    {
      "name": "payments-api",
      "endpoint": "ftp://payments"
    }
  ],
  "networks": [{ "hosts": ["*.corp:443"], "configurations": [], "colour": 1 }]
}`;
    const parsed = parseServices(text);
    const problems = "problems" in parsed ? parsed.problems : [];
    expect(problems.map(({ path, line, subject }) => [path, line, subject])).toEqual([
      ["services[0].endpoint", 6, "payments-api"],
      ["services[0].configurations", 4, "payments-api"],
      ["networks[0].colour", 9, "*.corp:443"],
    ]);
  });

  it("has the line of a syntax error, and line 1 if the value is no object", () => {
    expect(parseServices('{\n  "version": 1,\n}')).toMatchObject({ problems: [{ path: "", line: 3 }] });
    expect(parseServices("null")).toMatchObject({ problems: [{ path: "", line: 1, subject: null }] });
    expect(parseServices('{ "version": 1, "services": [7] }')).toMatchObject({
      problems: [{ path: "services[0]", line: 1, subject: null }],
    });
  });
});
