import { describe, expect, it } from "vitest";
import { FlightLimit } from "./flight-limit.ts";

const MIB = 1024 * 1024;
const MINIMUM = 576 * 1024;

/** A path of `bytesPerMs` and `latencyMs` each way; the peer acknowledges every 512 KiB; the sender always has more. */
function transfer(
  flight: FlightLimit,
  options: { bytesPerMs: number; latencyMs: number; forMs: number; fromMs?: number; sentBytes?: number },
) {
  const { bytesPerMs, latencyMs, forMs, fromMs = 0 } = options;
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
    const room = Math.min(flight.bytes, 16 * MIB) - (sentBytes - ackedBytes);
    for (let left = room; left >= MIB / 2; left -= MIB / 2) {
      sentBytes += MIB / 2;
      freeAtMs = Math.max(freeAtMs, nowMs) + MIB / 2 / bytesPerMs;
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

  it("lets a long path fill: what is under way needs its round trip", () => {
    const flight = new FlightLimit(MINIMUM);
    const { ackedBytes } = transfer(flight, { bytesPerMs: MIB / 10, latencyMs: 40, forMs: 2000 });
    // 100 MiB/s for 2 s, less the first round trip.
    expect(ackedBytes).toBeGreaterThan(0.9 * (2000 - 80) * (MIB / 10));
  });

  it("keeps little waiting on a short path, and keeps it busy", () => {
    const flight = new FlightLimit(MINIMUM);
    const { underWayBytes, ackedBytes } = transfer(flight, {
      bytesPerMs: MIB / 10,
      latencyMs: 0,
      forMs: 2000,
    });
    expect(underWayBytes).toBeLessThan(4 * MIB);
    expect(ackedBytes).toBeGreaterThan(0.9 * 2000 * (MIB / 10));
  });

  it("never goes below its minimum, and never asks for a part of a byte", () => {
    const flight = new FlightLimit(MINIMUM);
    flight.sent(MIB, MIB, 0);
    flight.acknowledged(MIB, MIB, 1);
    flight.sent(2 * MIB, MIB, 1);
    flight.acknowledged(2 * MIB, MIB, 10_001);
    expect(flight.bytes).toBe(MINIMUM);
    const other = new FlightLimit(0);
    other.sent(1000, 1000, 0);
    other.acknowledged(1000, 1000, 1);
    other.sent(2001, 1001, 1);
    other.acknowledged(2001, 1001, 14);
    expect(Number.isInteger(other.bytes)).toBe(true);
  });

  it("says nothing of messages that were sent before the limit was cut", () => {
    const flight = new FlightLimit(0);
    flight.sent(MIB, MIB, 0);
    flight.acknowledged(MIB, MIB, 2);
    flight.sent(2 * MIB, MIB, 10);
    flight.sent(3 * MIB, 2 * MIB, 11);
    flight.acknowledged(2 * MIB, MIB, 30);
    const cut = flight.bytes;
    flight.acknowledged(3 * MIB, MIB, 60);
    expect(flight.bytes).toBe(cut);
  });

  it("believes in a longer path after ten seconds", () => {
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
});
