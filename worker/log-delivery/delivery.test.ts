import { describe, expect, it } from "vitest";
import { afterSend, type Delivery, newDelivery, overtaken, passed, retryDelayMs } from "./delivery.ts";
import { outcomeOf } from "./send-events.ts";

const delivery: Delivery = newDelivery("dst_1", "all", { id: 1, offset: 0 });
const end = { id: 3, offset: 0 };
const sent = { count: 10, end, overtaken: 0 };
const webhook = {
  id: "dst_1",
  kind: "webhook",
  name: "n",
  url: "https://logs.example",
  events: "all",
} as const;

function after(status: number, { retryAfter = null, text = "", kind = "webhook" }: Answered = {}): Delivery {
  const destination = { ...webhook, kind: kind as "webhook" };
  return afterSend(delivery, sent, outcomeOf(destination, { status, retryAfter, text }, 1_000), 1_000, 0);
}

interface Answered {
  retryAfter?: string | null;
  text?: string;
  kind?: string;
}

describe("a delivery", () => {
  it.each([200, 202, 204])("moves on at %i", (status) => {
    expect(after(status)).toMatchObject({
      position: end,
      shipped: 10,
      lastSuccessAtMs: 1_000,
      lastError: null,
    });
  });

  it.each([302, 401, 403, 404, 408, 429, 500, 503])("stays and waits at %i", (status) => {
    expect(after(status)).toMatchObject({
      ...{ position: delivery.position, shipped: 0, rejected: 0, failures: 1, dueAtMs: 2_000 },
      lastError: { atMs: 1_000, reason: `answered ${status}` },
    });
  });

  it.each([
    ["60", 61_000],
    [new Date(31_000).toUTCString(), 31_000],
    ["0", 2_000],
    ["999999", 1_000 + 3_600_000],
    ["soon", 2_000],
  ])("waits as Retry-After says: %s", (retryAfter, dueAtMs) => {
    expect(after(429, { retryAfter })).toMatchObject({ dueAtMs });
  });

  it.each([400, 413, 422])("is sent in halves at %i, and one event that is refused is dropped", (status) => {
    const split = after(status);
    expect(split).toMatchObject({ position: delivery.position, rejected: 0, split: { until: end, size: 5 } });
    const one = { count: 1, end: { id: 1, offset: 1 }, overtaken: 0 };
    const refused = afterSend(split, one, { outcome: "refused", reason: "" }, 2_000, 0);
    expect(refused).toMatchObject({ position: one.end, rejected: 1, split: { until: end, size: null } });
    const rest = afterSend(refused, { ...sent, count: 9 }, { outcome: "accepted", rejected: 0 }, 3_000, 0);
    expect(rest).toMatchObject({ position: end, rejected: 1, shipped: 9, split: null });
  });

  it("counts what an OTLP receiver took only in part", () => {
    const text = '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too large"}}';
    expect(after(200, { text, kind: "otlp" })).toMatchObject({ shipped: 7, rejected: 3 });
  });

  it("that was overtaken while it sent counts nothing twice", () => {
    const behind = overtaken(delivery, 2, 6);
    expect(behind).toMatchObject({ position: { id: 2, offset: 0 }, lost: 6 });
    expect(
      afterSend(behind, { ...sent, overtaken: 6 }, { outcome: "accepted", rejected: 0 }, 0, 0),
    ).toMatchObject({ shipped: 10, lost: 0, position: end });
    expect(passed(overtaken(delivery, 9, 6), end).position).toEqual({ id: 9, offset: 0 });
  });

  it("waits from a second to five minutes, and up to half of that is chance", () => {
    expect([1, 2, 3, 9, 10, 1_000].map((failures) => retryDelayMs(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ]);
    expect(retryDelayMs(3, 1)).toBe(2_000);
  });
});
