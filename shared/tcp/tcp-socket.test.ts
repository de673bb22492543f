import { describe, expect, it } from "vitest";
import { parseTcpText, TcpSocketCredit } from "./tcp-socket.ts";

const WINDOW = 256 * 1024;

describe("parseTcpText", () => {
  it.each([
    ["end", { kind: "end" }],
    ["window 1", { kind: "window", limitBytes: 1 }],
    ["window 9007199254740991", { kind: "window", limitBytes: Number.MAX_SAFE_INTEGER }],
  ])("reads %j", (text, meaning) => {
    expect(parseTcpText(text)).toEqual(meaning);
  });

  it.each([
    "",
    "END",
    "end ",
    "window",
    "window ",
    "window 0",
    "window 01",
    "window -1",
    "window 1.5",
    "window 9007199254740992",
  ])("takes %j for none", (text) => {
    expect(parseTcpText(text)).toBe(null);
  });
});

describe("TcpSocketCredit", () => {
  it("lets both ends send one window before anything was granted, and no more", () => {
    const credit = new TcpSocketCredit();
    expect(credit.roomBytes).toBe(WINDOW);
    credit.sent(WINDOW);
    expect(credit.roomBytes).toBe(0);
    credit.granted(WINDOW - 1);
    expect(credit.roomBytes).toBe(0);
    credit.granted(WINDOW + 5);
    expect(credit.roomBytes).toBe(5);
    expect(credit.received(WINDOW)).toBe(true);
    expect(credit.received(1)).toBe(false);
  });

  it("grants once half of the window was consumed, by absolute offsets", () => {
    const credit = new TcpSocketCredit();
    expect(credit.consumed(WINDOW / 2 - 1)).toBe(null);
    expect(credit.consumed(1)).toBe(`window ${WINDOW * 1.5}`);
    expect(credit.received(WINDOW * 1.5)).toBe(true);
    expect(credit.received(1)).toBe(false);
  });

  it("grants a larger window at first on request, and half a window at a time", () => {
    const credit = new TcpSocketCredit(1024 * 1024);
    expect(credit.consumed(0)).toBe(`window ${1024 * 1024}`);
    expect(credit.received(1024 * 1024)).toBe(true);
    expect(credit.consumed(512 * 1024 - 1)).toBe(null);
    expect(credit.consumed(1)).toBe(`window ${1536 * 1024}`);
    expect(credit.received(512 * 1024 + 1)).toBe(false);
    expect(new TcpSocketCredit().consumed(0)).toBe(null);
  });
});
