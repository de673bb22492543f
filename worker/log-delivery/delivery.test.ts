import { describe, expect, it } from "vitest";
import {
  afterSend,
  type Delivery,
  newDelivery,
  overtaken,
  passed,
  deliveryRetryDelayMs,
} from "./delivery.ts";
import { outcomeOf } from "./send-events.ts";

const delivery: Delivery = newDelivery("dst_1", "all", { id: 1, offset: 0 });
const end = { id: 3, offset: 0 };
const positions = Array.from({ length: 10 }, (_, offset) => ({ id: 1, offset }));
const sent = { count: 10, end, positions, overtaken: 0 };
const webhook = {
  id: "dst_1",
  kind: "webhook",
  name: "n",
  url: "https://logs.example",
  events: "all",
} as const;

function after(status: number, { retryAfter = null, text = "", kind = "webhook" }: Answered = {}): Delivery {
  const destination = { ...webhook, kind: kind as "webhook" };
  const answer = { status, retryAfter, text, encoding: "gzip" } as const;
  return afterSend(delivery, sent, outcomeOf(destination, answer, sent.count, 1_000), 1_000, 0);
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
    const one = { count: 1, end: { id: 1, offset: 1 }, positions: [{ id: 1, offset: 0 }], overtaken: 0 };
    const refused = afterSend(split, one, { outcome: "refused", reason: "" }, 2_000, 0);
    expect(refused).toMatchObject({ position: one.end, rejected: 1, split: { until: end, size: null } });
    const rest = afterSend(refused, { ...sent, count: 9 }, { outcome: "accepted", rejected: 0 }, 3_000, 0);
    expect(rest).toMatchObject({ position: end, rejected: 1, shipped: 9, split: null });
  });

  it.each([429, 502, 503, 504])("stays at an OTLP receiver's %i", (status) => {
    expect(after(status, { kind: "otlp" })).toMatchObject({ failures: 1, rejected: 0 });
  });

  it.each([400, 408, 413, 422, 500, 507])("is sent in halves at an OTLP receiver's %i", (status) => {
    expect(after(status, { kind: "otlp" })).toMatchObject({ split: { size: 5 }, rejected: 0, dueAtMs: 0 });
  });

  it.each([302, 401, 403, 404, 405])("is dropped as one at an OTLP receiver's %i", (status) => {
    expect(after(status, { kind: "otlp" })).toMatchObject({ position: end, rejected: 10, split: null });
  });

  it("goes on after the event that Splunk stopped at, whatever it named before", () => {
    const stopped = (number: unknown) =>
      after(400, { kind: "splunk", text: JSON.stringify({ code: 6, "invalid-event-number": number }) });
    expect(stopped(3)).toMatchObject({ position: positions[4], shipped: 3, rejected: 1 });
    expect(stopped(0)).toMatchObject({
      position: positions[1],
      shipped: 0,
      rejected: 1,
      lastSuccessAtMs: null,
    });
    expect(stopped(9)).toMatchObject({ position: end, shipped: 9, rejected: 1, split: null });
    for (const number of [10, -1, 1.5, "3", null, undefined]) {
      expect(stopped(number)).toMatchObject({ position: delivery.position, split: { size: 5 } });
    }
  });

  it("that is stopped at the first event again and again is dropped in the end", () => {
    const many = 1_000;
    const all = Array.from({ length: many }, (_, offset) => ({ id: 1, offset }));
    let now = delivery;
    let requests = 0;
    while (now.position.id === 1) {
      const { offset } = now.position;
      const rest = { count: many - offset, end, positions: all.slice(offset), overtaken: 0 };
      now = afterSend(now, rest, { outcome: "stopped", taken: 0, reason: "" }, 0, 0);
      requests++;
    }
    expect(now).toMatchObject({ rejected: many, shipped: 0 });
    expect(requests).toBeLessThan(50);
  });

  it("finds each of fifty bad events among a thousand", () => {
    const many = 1_000;
    const isBad = (offset: number) => offset % 20 === 7;
    let now = delivery;
    while (now.position.id === 1) {
      const from = now.position.offset;
      const to = Math.min(many, from + (now.split?.size ?? many));
      const offsets = Array.from({ length: to - from }, (_, index) => from + index);
      const part = {
        count: offsets.length,
        end: to === many ? end : { id: 1, offset: to },
        positions: offsets.map((offset) => ({ id: 1, offset })),
        overtaken: 0,
      };
      const outcome = offsets.some(isBad)
        ? ({ outcome: "refused", reason: "" } as const)
        : ({ outcome: "accepted", rejected: 0 } as const);
      now = afterSend(now, part, outcome, 0, 0);
    }
    expect(now).toMatchObject({ shipped: 950, rejected: 50 });
  });

  it("counts what an OTLP receiver took only in part", () => {
    const text = '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too large"}}';
    expect(after(200, { text, kind: "otlp" })).toMatchObject({ shipped: 7, rejected: 3 });
  });

  it("that was overtaken while it was sending counts nothing twice", () => {
    const behind = overtaken(delivery, 2, 6);
    expect(behind).toMatchObject({ position: { id: 2, offset: 0 }, lost: 6 });
    expect(
      afterSend(behind, { ...sent, overtaken: 6 }, { outcome: "accepted", rejected: 0 }, 0, 0),
    ).toMatchObject({ shipped: 10, lost: 0, position: end });
    expect(passed(overtaken(delivery, 9, 6), end).position).toEqual({ id: 9, offset: 0 });
  });

  it("waits from a second to five minutes, with jitter of up to half", () => {
    expect([1, 2, 3, 9, 10, 1_000].map((failures) => deliveryRetryDelayMs(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ]);
    expect(deliveryRetryDelayMs(3, 1)).toBe(2_000);
  });
});
