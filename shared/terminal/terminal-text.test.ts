import { describe, expect, it } from "vitest";
import { terminalJson, terminalLines, terminalText } from "./terminal-text.ts";

const HOSTILE = "a\u001b[2J\u009b31m\u0007\r\n\u007f\u202eb\u2066\u2028é日";

describe("what a terminal is shown", () => {
  it("contains nothing that a terminal obeys or reorders", () => {
    expect(terminalText(HOSTILE)).toBe("a?[2J?31m?????b??é日");
  });

  it("keeps the line ends that are ours", () => {
    expect(terminalLines("one\ntwo\u001b\r\nthree")).toBe("one\ntwo??\nthree");
  });

  it("is JSON that means the same", () => {
    const value = { [HOSTILE]: [HOSTILE] };
    for (const indent of [undefined, 2]) {
      const text = terminalJson(value, indent);
      expect(JSON.parse(text)).toEqual(value);
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u2028\u202e\u2066]/u);
    }
  });
});
