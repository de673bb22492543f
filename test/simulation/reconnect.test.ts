import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ConnectionKeeper } from "../../connector/relay/connection-keeper.ts";
import { Dialled } from "../support/peers/dialled.ts";
import { Dice } from "../support/dice.ts";
import { throwFault } from "../support/throw-fault.ts";
import { StreamLimit } from "../../shared/streams/stream-limit.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { memoryOf } from "../support/memory.ts";

const CONNECTORS = 1_000;
/** The time from dialling to the relay's answer. */
const HANDSHAKE_MS = 20;
/** Real time, for minutes of a thousand connectors on the fake clock. */
const TIMEOUT = { timeout: 120_000 };

/** A relay that a thousand connectors dial, and that can be unreachable. */
class Swarm {
  readonly clock = new FakeClock();
  /** When each connector dialled or was accepted, since the relay was last lost. */
  dialsMs: number[] = [];
  arrivalsMs: number[] = [];
  #lostAtMs = 0;
  #away = false;
  readonly #attached = new Set<Dialled>();
  readonly #dice: Dice;

  constructor(connectors: number, seed: number) {
    this.#dice = new Dice(seed);
    for (let number = 0; number < connectors; number++) this.#connector(number);
    this.clock.advance(HANDSHAKE_MS + 1);
  }

  get attached(): number {
    return this.#attached.size;
  }

  /** Breaks every connection at once. Nothing answers for this long. */
  lose(forMs: number): void {
    const lost = [...this.#attached];
    this.#attached.clear();
    this.#lostAtMs = this.clock.nowMs();
    this.#away = forMs > 0;
    this.dialsMs = [];
    this.arrivalsMs = [];
    for (const connection of lost) connection.events.onLost("the relay was reset");
    this.clock.after(forMs, () => (this.#away = false));
  }

  #connector(number: number): void {
    // Its timers keep it alive.
    void new ConnectionKeeper({
      index: 0,
      clock: this.clock,
      random: () => this.#dice.random(),
      dialRelay: (events) => {
        const connection = new Dialled(events, this.clock);
        this.dialsMs.push(this.clock.nowMs() - this.#lostAtMs);
        this.clock.after(HANDSHAKE_MS, () => {
          if (connection.ended !== null) return;
          if (this.#away) return events.onLost("nobody answers");
          events.onOpen();
          this.#attached.add(connection);
          this.arrivalsMs.push(this.clock.nowMs() - this.#lostAtMs);
        });
        return connection;
      },
      connectorId: `con_${number}`,
      softwareVersion: "1",
      maxStreams: 512,
      stallTimeoutMs: () => 300_000,
      memory: memoryOf(),
      streams: new StreamLimit(512, this.clock),
      log: pino({ level: "silent" }),
      reportFault: throwFault,
      onReady() {},
      onChecks() {},
      onObjects() {},
      onRefused() {},
      onStalled() {},
      onLost() {},
      onStream: (stream) => ({ onReadable() {}, onWritable() {}, onClosed: () => stream.release() }),
    });
  }
}

/** The largest number of these times that fall into one span of this length. */
function mostWithin(timesMs: readonly number[], spanMs: number): number {
  const counts = new Map<number, number>();
  for (const timeMs of timesMs) {
    const span = Math.floor(timeMs / spanMs);
    counts.set(span, (counts.get(span) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

describe("a thousand connectors that lose the relay at once", () => {
  it("are back within 2 s if it returns at once, spread over the time", () => {
    const swarm = new Swarm(CONNECTORS, 1);
    swarm.lose(0);
    swarm.clock.advance(2_000);
    expect(swarm.attached).toBe(CONNECTORS);
    expect(Math.max(...swarm.arrivalsMs)).toBeLessThanOrEqual(500 + HANDSHAKE_MS);
    // With an even distribution, each 50 ms would have a tenth.
    expect(mostWithin(swarm.arrivalsMs, 50)).toBeLessThan(CONNECTORS / 5);
  });

  it("are back soon after a deploy of a second, most of them within 2 s", () => {
    const swarm = new Swarm(CONNECTORS, 2);
    swarm.lose(1_000);
    swarm.clock.advance(3_000);
    expect(swarm.attached).toBeGreaterThan(0.9 * CONNECTORS);
    swarm.clock.advance(12_000);
    expect(swarm.attached).toBe(CONNECTORS);
    expect(mostWithin(swarm.arrivalsMs, 50)).toBeLessThan(CONNECTORS / 10);
  });

  it(
    "do not stampede while it is away for ten minutes, and are all back within the maximum wait",
    TIMEOUT,
    () => {
      const swarm = new Swarm(CONNECTORS, 3);
      swarm.lose(600_000);
      swarm.clock.advance(600_000);
      // When the back-off has reached its cap, each dials every 15 s on average: 67 a second in all.
      const late = swarm.dialsMs.filter((dialMs) => dialMs > 120_000);
      expect(mostWithin(late, 1_000)).toBeLessThan(120);
      swarm.clock.advance(30_000 + HANDSHAKE_MS);
      expect(swarm.attached).toBe(CONNECTORS);
      expect(mostWithin(swarm.arrivalsMs, 1_000)).toBeLessThan(120);
    },
  );
});

describe("a link that flaps", () => {
  it("backs off, even if every attempt succeeds at first", () => {
    const swarm = new Swarm(1, 4);
    let flaps = 0;
    for (let elapsedMs = 0; elapsedMs < 600_000; elapsedMs += 100) {
      swarm.clock.advance(100);
      if (swarm.attached === 0) continue;
      flaps++;
      swarm.lose(0);
    }
    // Without back-off it would be thousands. With the cap it is one in 15 s on average, after six quick ones.
    expect(flaps).toBeGreaterThan(20);
    expect(flaps).toBeLessThan(90);
  });
});
