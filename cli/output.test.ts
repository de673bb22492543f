import { describe, expect, it } from "vitest";
import { shortTime, table } from "./output.ts";

describe("table", () => {
  it("lines up its columns", () => {
    expect(
      table(
        ["ID", "NAME"],
        [
          ["a", "one"],
          ["long", null],
        ],
      ),
    ).toBe("ID    NAME\na     one\nlong  -");
  });

  it("gives no control character to the terminal", () => {
    expect(table(["ID"], [["\u001b[2J\n"]])).toBe("ID\n?[2J?");
  });

  it("says that there is nothing", () => {
    expect(table(["ID"], [])).toBe("(none)");
  });
});

describe("shortTime", () => {
  it("leaves out what people do not read", () => {
    expect(shortTime("2026-11-23T20:04:05.678Z")).toBe("2026-11-23 20:04:05Z");
    expect(shortTime(null)).toBeNull();
  });
});
