import { expect, it } from "vitest";
import { parseAccessLogShare } from "./access-log-share.ts";

it.each([
  ["all", 1],
  ["off", 0],
  ["5%", 0.05],
  ["0.5%", 0.005],
  ["100%", 1],
  ["101%", null],
  ["5", null],
  ["some", null],
  ["", null],
])('reads "%s" as %s', (text, share) => {
  expect(parseAccessLogShare(text)).toBe(share);
});
