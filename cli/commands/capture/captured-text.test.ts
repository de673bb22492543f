import { expect, it } from "vitest";
import type { CapturedRequest } from "../../../shared/capture/captured-request.ts";
import { capturedText } from "./captured-text.ts";

const body = { bytes: 0, text: "", isCut: false, why: null };
const captured: CapturedRequest = {
  ...{ captureId: "cap_a", requestId: "r", time: "2026-11-29T08:00:00.000Z", kind: "http" },
  ...{ project: "shop", environment: "production", service: "api", method: "POST", path: "/a\u001b[31m" },
  request: {
    fields: [["x-a", "b\u0007"]],
    body: { ...body, bytes: 20_000, text: "one\ntwo\u009b31m", isCut: true },
  },
  response: { status: 200, fields: [], body: { ...body, bytes: 9, text: null, why: "binary" } },
};

it("shows both ways, and nothing that a terminal would obey", () => {
  const text = capturedText(captured);
  expect(
    text.split("\n").map((line) => line.replaceAll(/[^\x20-\x7e]|\\[ux]\w+/g, "?").slice(0, 24)),
  ).toEqual([
    ...[expect.stringMatching(/^> POST api\/a.*31m$/), expect.stringMatching(/^> x-a: b/)],
    ...[">", "> one", expect.stringMatching(/^> two/), "> (cut here)"],
    ...["< 200", "<", "< (9 bytes, not kept: no"],
  ]);
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(capturedText({ ...captured, response: null })).toContain("< (the upstream did not answer)");
});
