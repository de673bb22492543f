import { describe, expect, it } from "vitest";
import { TunnelError } from "../protocol/tunnel-error.ts";
import { type Half, type HalfEvent, nextHalf } from "./stream-state.ts";

const EVENTS = {
  HEAD: { frame: "HEAD", informational: false, end: false, switchesProtocols: false },
  "HEAD END": { frame: "HEAD", informational: false, end: true, switchesProtocols: false },
  "HEAD INFO": { frame: "HEAD", informational: true, end: false, switchesProtocols: false },
  "HEAD INFO END": { frame: "HEAD", informational: true, end: true, switchesProtocols: false },
  "HEAD 101": { frame: "HEAD", informational: false, end: false, switchesProtocols: true },
  "HEAD 101 END": { frame: "HEAD", informational: false, end: true, switchesProtocols: true },
  DATA: { frame: "DATA", end: false },
  "DATA END": { frame: "DATA", end: true },
  TRAILERS: { frame: "TRAILERS" },
  WSMSG: { frame: "WSMSG", end: false },
  WSCLOSE: { frame: "WSCLOSE" },
} as const satisfies Record<string, HalfEvent>;

/** Every arrow of the diagram; what is not here is refused. */
const ARROWS: Record<Half, Partial<Record<keyof typeof EVENTS, Half>>> = {
  head: { HEAD: "body", "HEAD END": "ended", "HEAD INFO": "head", "HEAD 101": "messages" },
  body: { DATA: "body", "DATA END": "ended", TRAILERS: "ended" },
  messages: { WSMSG: "messages", WSCLOSE: "ended" },
  ended: {},
};

const table = (Object.keys(ARROWS) as Half[]).flatMap((half) =>
  (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).map((event) => ({
    half,
    event,
    next: ARROWS[half][event] ?? "refused",
  })),
);

describe("nextHalf", () => {
  it.each(table)("$half, $event: $next", ({ half, event, next }) => {
    expect(outcome(half, EVENTS[event], "websocket")).toBe(next);
  });

  it.each(["http", "tcp"] as const)("refuses to switch protocols on kind %s", (kind) => {
    expect(outcome("head", EVENTS["HEAD 101"], kind)).toBe("refused");
  });

  it("knows neither informational heads nor trailers on kind tcp", () => {
    expect(outcome("head", EVENTS["HEAD INFO"], "tcp")).toBe("refused");
    expect(outcome("body", EVENTS.TRAILERS, "tcp")).toBe("refused");
    expect(outcome("head", EVENTS.HEAD, "tcp")).toBe("body");
    expect(outcome("body", EVENTS["DATA END"], "tcp")).toBe("ended");
  });
});

function outcome(half: Half, event: HalfEvent, kind: "http" | "websocket" | "tcp"): Half | "refused" {
  try {
    return nextHalf(half, event, kind);
  } catch (error) {
    expect(error).toBeInstanceOf(TunnelError);
    expect(error).toMatchObject({ scope: "stream", code: "STREAM_ERROR" });
    return "refused";
  }
}
