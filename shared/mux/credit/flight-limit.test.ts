import { describe, expect, it } from "vitest";
import { FlightLimit } from "./flight-limit.ts";

const MIB = 1024 * 1024;
const MINIMUM = 576 * 1024;

/**
 * A path of `bytesPerMs` and `latencyMs` each way; the peer acknowledges every piece, 512 KiB; the sender always has more, and a
 * window of `windowBytes`. `slowStart`: the path carries 16 KiB in its first round trip, and twice as much in each one.
 */
function transfer(
  flight: FlightLimit,
  options: {
    bytesPerMs: number;
    latencyMs: number;
    forMs: number;
    fromMs?: number;
    sentBytes?: number;
    windowBytes?: number;
    slowStart?: boolean;
    pieceBytes?: number;
  },
) {
  const { latencyMs, forMs, fromMs = 0, windowBytes = 16 * MIB, slowStart = false } = options;
  const { pieceBytes = MIB / 2 } = options;
  const bytesPerMsAt = (nowMs: number): number => {
    const carried = (16 * 1024 * 2 ** Math.floor((nowMs - fromMs) / (2 * latencyMs))) / (2 * latencyMs);
    return slowStart ? Math.min(options.bytesPerMs, carried) : options.bytesPerMs;
  };
  const acks: { offsetBytes: number; atMs: number }[] = [];
  let sentBytes = options.sentBytes ?? 0;
  let ackedBytes = sentBytes;
  let freeAtMs = fromMs;
  let mostBytes = 0;
  for (let nowMs = fromMs; nowMs < fromMs + forMs; nowMs += 1) {
    for (let ack = acks[0]; ack !== undefined && ack.atMs <= nowMs; ack = acks[0]) {
      acks.shift();
      flight.acknowledged(ack.offsetBytes, ack.offsetBytes - ackedBytes, nowMs);
      ackedBytes = ack.offsetBytes;
    }
    const room = Math.min(flight.bytes, windowBytes) - (sentBytes - ackedBytes);
    for (let left = room; left >= pieceBytes; left -= pieceBytes) {
      sentBytes += pieceBytes;
      freeAtMs = Math.max(freeAtMs, nowMs);
      for (let leftBytes = pieceBytes; leftBytes > 0;) {
        const stepMs = Math.min(1, leftBytes / bytesPerMsAt(freeAtMs));
        leftBytes -= stepMs * bytesPerMsAt(freeAtMs);
        freeAtMs += stepMs;
      }
      acks.push({ offsetBytes: sentBytes, atMs: freeAtMs + 2 * latencyMs });
      flight.sent(sentBytes, sentBytes - ackedBytes, nowMs);
    }
    if (nowMs > fromMs + forMs / 2) mostBytes = Math.max(mostBytes, sentBytes - ackedBytes);
  }
  return { sentBytes, ackedBytes, underWayBytes: mostBytes };
}

describe("FlightLimit", () => {
  it("begins without a limit", () => {
    expect(new FlightLimit(MINIMUM).bytes).toBe(Infinity);
  });

  it("fills a long path", () => {
    const flight = new FlightLimit(MINIMUM);
    const { ackedBytes } = transfer(flight, { bytesPerMs: MIB / 10, latencyMs: 40, forMs: 2000 });
    // 100 MiB/s for 2 s, less the first round trip.
    expect(ackedBytes).toBeGreaterThan(0.9 * (2000 - 80) * (MIB / 10));
  });

  it("does not shrink because a whole window leaves at once", () => {
    const flight = new FlightLimit(MINIMUM);
    const path = { bytesPerMs: MIB / 5, latencyMs: 40, windowBytes: 21 * MIB };
    const { ackedBytes } = transfer(flight, { ...path, forMs: 2000 });
    expect(ackedBytes).toBeGreaterThan(0.98 * (2000 - 80) * (MIB / 5));
  });

  it("does not take the needs of a small transfer for the path's limit", () => {
    const flight = new FlightLimit(MINIMUM);
    const path = { bytesPerMs: MIB / 5, latencyMs: 40 };
    const small = transfer(flight, { ...path, windowBytes: 2 * MIB, forMs: 500 });
    const next = { ...path, windowBytes: 21 * MIB, fromMs: 1_000, sentBytes: small.sentBytes };
    const { ackedBytes } = transfer(flight, { ...next, forMs: 1_000 });
    expect(ackedBytes - small.sentBytes).toBeGreaterThan(0.98 * (1_000 - 80) * (MIB / 5));
  });

  it("always sends enough on a path that is opening, as TCP does after a pause", () => {
    const flight = new FlightLimit(MINIMUM);
    const path = { bytesPerMs: MIB / 5, latencyMs: 40, windowBytes: 21 * MIB };
    const warm = transfer(flight, { ...path, forMs: 500 });
    for (const known of [true, false]) {
      const opening = { ...path, slowStart: true, fromMs: 1_000, sentBytes: warm.sentBytes, forMs: 2_000 };
      const { ackedBytes } = transfer(known ? flight : new FlightLimit(MINIMUM), opening);
      // It carries 16 MiB in ten round trips, and as much in each one after that.
      expect((ackedBytes - warm.sentBytes) / MIB).toBeGreaterThan(16 + 0.95 * ((2_000 - 11 * 80) / 5));
    }
  });

  it("keeps queues small on a short path, and keeps the path busy", () => {
    const flight = new FlightLimit(MINIMUM);
    const { underWayBytes, ackedBytes } = transfer(flight, {
      bytesPerMs: MIB / 10,
      latencyMs: 0,
      forMs: 2000,
    });
    expect(underWayBytes).toBeLessThan(4 * MIB);
    expect(ackedBytes).toBeGreaterThan(0.9 * 2000 * (MIB / 10));
  });

  it("never goes below its minimum, and is always a whole number", () => {
    for (const minimumBytes of [MINIMUM, 0]) {
      const flight = new FlightLimit(minimumBytes);
      const { sentBytes } = transfer(flight, { bytesPerMs: 10_000, latencyMs: 1, forMs: 100 });
      // As slow as a path ever is: each answer is late.
      transfer(flight, { bytesPerMs: 700, latencyMs: 1, forMs: 50_000, fromMs: 200, sentBytes });
      expect(flight.bytes).toBeGreaterThanOrEqual(minimumBytes);
      expect(Number.isInteger(flight.bytes)).toBe(true);
    }
  });

  it("ignores messages that were sent before the limit was cut", () => {
    const flight = new FlightLimit(0);
    let offsetBytes = 0;
    const send = (nowMs: number, underWayBytes: number): number => {
      offsetBytes += MIB;
      flight.sent(offsetBytes, underWayBytes, nowMs);
      return offsetBytes;
    };
    flight.acknowledged(send(0, MIB), MIB, 2);
    const [first, second, third, fourth] = [10, 11, 12, 13].map((ms, index) => send(ms, (index + 1) * MIB));
    flight.acknowledged(first ?? 0, MIB, 30);
    flight.acknowledged(second ?? 0, MIB, 40);
    flight.acknowledged(third ?? 0, MIB, 50);
    const cut = flight.bytes;
    flight.acknowledged(fourth ?? 0, MIB, 90);
    expect([Number.isFinite(cut), flight.bytes]).toEqual([true, cut]);
  });

  it("accepts that a path has become longer after ten seconds", () => {
    const flight = new FlightLimit(MINIMUM);
    const short = transfer(flight, { bytesPerMs: MIB / 10, latencyMs: 1, forMs: 1000 });
    const long = transfer(flight, {
      bytesPerMs: MIB / 10,
      latencyMs: 40,
      forMs: 15_000,
      fromMs: 1000,
      sentBytes: short.sentBytes,
    });
    expect(long.underWayBytes).toBeGreaterThan(6 * MIB);
  });

  it("fills a long path at once after a pause, whatever was not acknowledged before it", () => {
    const flight = new FlightLimit(MINIMUM);
    const path = { bytesPerMs: MIB / 5, latencyMs: 40, windowBytes: 21 * MIB, forMs: 2_000 };
    const { sentBytes } = transfer(flight, path);
    const { ackedBytes } = transfer(flight, { ...path, fromMs: 60_000, sentBytes });
    expect(ackedBytes - sentBytes).toBeGreaterThan(0.98 * (2_000 - 80) * (MIB / 5));
  });

  it("does not shrink for a narrow path while much comes the other way, since answers wait in that queue", () => {
    const flight = new FlightLimit(MINIMUM);
    flight.useFineAnswers();
    const path = { bytesPerMs: 1_250, latencyMs: 10, pieceBytes: 8 * 1024 };
    const { sentBytes } = transfer(flight, { ...path, forMs: 20_000 });
    expect(flight.isNarrow).toBe(true);
    flight.received(MIB, 21_000);
    transfer(flight, { ...path, fromMs: 21_000, sentBytes, forMs: 1_500 });
    expect(flight.isNarrow).toBe(false);
  });

  it("keeps queues very small on a narrow path that answers every piece", () => {
    const flight = new FlightLimit(MINIMUM);
    flight.useFineAnswers();
    const path = { bytesPerMs: 1_250, latencyMs: 10, forMs: 60_000, pieceBytes: 8 * 1024 };
    const { underWayBytes, ackedBytes } = transfer(flight, path);
    expect(underWayBytes).toBeLessThanOrEqual(192 * 1024);
    expect(ackedBytes).toBeGreaterThan(0.9 * 60_000 * 1_250);
  });

  it("opens again at once if a narrow path becomes wide", () => {
    const flight = new FlightLimit(MINIMUM);
    flight.useFineAnswers();
    const path = { latencyMs: 10, pieceBytes: 8 * 1024 };
    const { sentBytes } = transfer(flight, { ...path, bytesPerMs: 1_250, forMs: 20_000 });
    const wide = { ...path, bytesPerMs: MIB / 10, fromMs: 21_000, sentBytes, forMs: 2_000 };
    const { ackedBytes } = transfer(flight, wide);
    expect(ackedBytes - sentBytes).toBeGreaterThan(0.75 * 2_000 * (MIB / 10));
  });

  it("measures the path even if the first answer came through a full queue", () => {
    const flight = new FlightLimit(MINIMUM);
    flight.useFineAnswers();
    let offsetBytes = 0;
    flight.sent((offsetBytes += 4 * MIB), 4 * MIB, 0);
    flight.acknowledged(offsetBytes, 4 * MIB, 3_300);
    const path = { bytesPerMs: 1_250, latencyMs: 10, pieceBytes: 8 * 1024, fromMs: 3_300, forMs: 30_000 };
    expect(transfer(flight, { ...path, sentBytes: offsetBytes }).underWayBytes).toBeLessThanOrEqual(
      192 * 1024,
    );
  });
});
