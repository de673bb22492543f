import type { RelayTransport, RelayTransportEvents } from "../../../connector/relay/index.ts";
import { SendBudget } from "../../../shared/mux/credit/flow-window.ts";
import { RelayMux } from "../../../shared/mux/relay-mux.ts";
import { encodeMessage } from "../../../shared/protocol/frame-codec.ts";
import type { Frame } from "../../../shared/protocol/frame.ts";
import { PONG_TEXT } from "../../../shared/protocol/limits.ts";
import type { Hello } from "../../../shared/protocol/handshake.ts";
import type { FakeClock } from "../fake-clock.ts";
import { memoryOf } from "../memory.ts";

/** The relay's end of one dialled connection. The two ends are joined without delay. */
export class Dialled implements RelayTransport {
  readonly events: RelayTransportEvents;
  readonly texts: string[] = [];
  readonly atMs: number;
  readonly #clock: FakeClock;
  readonly #relayId: string;
  mux: RelayMux;
  connectionIndex: number | null = null;
  ended: "closed" | "terminated" | null = null;
  /** Drops everything that either end sends. */
  swallows = false;

  constructor(events: RelayTransportEvents, clock: FakeClock, relayId = "r") {
    this.#relayId = relayId;
    this.events = events;
    this.#clock = clock;
    this.atMs = clock.nowMs();
    this.mux = this.#newMux();
  }

  /** The relay wakes up without the memory of its streams. */
  forgetStreams(): void {
    if (this.mux.hello === null) throw new Error("no HELLO yet");
    this.mux = this.#newMux({ hello: this.mux.hello, epoch: 0, rest: null });
    this.mux.ping();
  }

  send(frames: readonly Frame[]): void {
    if (!this.swallows) this.mux.receive(encodeMessage(frames));
  }
  sendText(text: string): void {
    this.texts.push(text);
    this.#clock.after(0, () => {
      if (this.ended === null && !this.swallows) this.events.onText(PONG_TEXT);
    });
  }
  bufferedBytes(): number {
    return 0;
  }
  close(): void {
    this.ended ??= "closed";
  }
  terminate(): void {
    this.ended ??= "terminated";
  }

  #newMux(resume?: { hello: Hello; epoch: number; rest: null }): RelayMux {
    return new RelayMux({
      transport: {
        send: (frames) => {
          if (this.ended === null && !this.swallows) this.events.onMessage(encodeMessage(frames));
        },
        close() {},
        bufferedBytes: () => 0,
      },
      clock: this.#clock,
      relayId: this.#relayId,
      softwareVersion: "1",
      streamWindowBytes: 65_536,
      streamWindowMaxBytes: 65_536,
      connectionWindowBytes: 1_048_576,
      memory: memoryOf(),
      budget: new SendBudget(Infinity, 0, null),
      gatherMs: 0,
      ...(resume === undefined ? {} : { resume }),
      events: {
        onHello: (hello) => (this.connectionIndex = hello.connectionIndex),
        onEpoch() {},
        onRest() {},
        onClosed() {},
      },
    });
  }
}
