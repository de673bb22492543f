import { expect, it } from "vitest";
import { readable } from "./log.ts";

const line = JSON.stringify({
  level: "info",
  time: "2026-11-23T19:04:11.123Z",
  msg: "request",
  service: "payments-api-prod",
  status: 200,
  code: null,
  pid: 1,
});

it("formats a line for people, without what is empty or always the same", () => {
  expect(readable(line, false)).toBe("19:04:11 info  request service=payments-api-prod status=200\n");
});

it("lets no control character reach the terminal", () => {
  const hostile = JSON.stringify({
    level: "info",
    time: "2026-11-23T19:04:11.123Z",
    msg: "m\u001b[2J",
    path: "/\u0007",
  });
  expect(readable(hostile, false)).toBe("19:04:11 info  m?[2J path=/?\n");
});

it("paints the level on request", () => {
  expect(readable(line, true)).toContain("\u001b[32minfo \u001b[0m request");
});
