import type { Clock } from "../shared/time/clock.ts";
import { ConnectorMux } from "../shared/mux/connector-mux.ts";
import { MemoryBudget } from "../shared/memory/memory-budget.ts";
import { SendBudget } from "../shared/mux/credit/flow-window.ts";
import { RelayMux } from "../shared/mux/relay-mux.ts";
import type { Stream, StreamHandler } from "../shared/mux/stream.ts";
import { encodeMessage } from "../shared/protocol/frame-codec.ts";
import type { Frame } from "../shared/protocol/frame.ts";
import type { OpenHead, ResponseHead } from "../shared/protocol/head.ts";
import {
  CONNECTION_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_MAX_BYTES,
  CONNECTOR_MEMORY_BYTES,
  DEFAULT_MAX_STREAMS,
  MAX_UNACKNOWLEDGED_BYTES,
  MIN_UNACKNOWLEDGED_BYTES,
  RELAY_STREAM_WINDOW_BYTES,
  RELAY_STREAM_WINDOW_MAX_BYTES,
  RELAY_MEMORY_BYTES,
} from "../shared/protocol/limits.ts";

const CHUNK = new Uint8Array(64 * 1024);

/** Both ends of one connection in one process, joined only by a list of pending actions. */
export class MuxPair {
  readonly #tasks: (() => void)[] = [];
  readonly #answer: ResponseHead;
  readonly #relay: RelayMux;
  readonly #connector: ConnectorMux;
  #answerBytes = 0;

  constructor(answer: ResponseHead) {
    this.#answer = answer;
    const clock: Clock = {
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      // The timers are only for failures.
      after: () => () => {},
      soon: (run) => void this.#tasks.push(run),
    };
    const leadsTo = (receive: (message: Uint8Array) => void) => ({
      send: (frames: readonly Frame[]) => {
        const message = encodeMessage(frames);
        this.#tasks.push(() => receive(message));
      },
      close: () => {},
      bufferedBytes: () => 0,
    });
    const memory = new MemoryBudget(RELAY_MEMORY_BYTES, 0, () => clock.nowMs()).open();
    this.#relay = new RelayMux({
      transport: leadsTo((message) => this.#connector.receive(message)),
      clock,
      events: { onHello() {}, onEpoch() {}, onRest() {}, onClosed: fail },
      relayId: "bench",
      softwareVersion: "0",
      streamWindowBytes: RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      memory,
      budget: new SendBudget(MAX_UNACKNOWLEDGED_BYTES, MIN_UNACKNOWLEDGED_BYTES, memory),
      gatherMs: 0,
    });
    this.#connector = new ConnectorMux({
      transport: leadsTo((message) => this.#relay.receive(message)),
      clock,
      events: { onWelcome() {}, onStream: (stream) => this.#serve(stream), onClosed: fail },
      hello: {
        softwareVersion: "0",
        connectorId: "bench",
        connectionIndex: 0,
        maxStreams: DEFAULT_MAX_STREAMS,
      },
      streamWindowBytes: CONNECTOR_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: CONNECTOR_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      memory: new MemoryBudget(CONNECTOR_MEMORY_BYTES, 0, () => clock.nowMs()).open(),
      budget: new SendBudget(Infinity, 0, null),
      gatherMs: 0,
    });
    this.#connector.start();
    this.#settle();
  }

  /** Opens a stream for each head. All of them are answered with this many bytes, which are read. */
  exchange(opens: readonly OpenHead[], answerBytes: number): void {
    this.#answerBytes = answerBytes;
    let readBytes = 0;
    for (const open of opens) {
      const handler: StreamHandler = {
        onReadable() {
          for (let chunk = stream.read(); chunk !== null; chunk = stream.read())
            readBytes += chunk.byteLength;
        },
        onWritable() {},
        onClosed() {},
      };
      const stream: Stream = this.#relay.open(open, true, handler);
      // The number of streams that one connection accepts at once.
      if (this.#relay.openCredit === 0) this.#settle();
    }
    this.#settle();
    if (readBytes !== opens.length * answerBytes) throw new Error(`${readBytes} bytes came`);
  }

  #serve(stream: Stream): StreamHandler {
    let leftBytes = this.#answerBytes;
    const write = (): void => {
      for (let takes = true; takes && leftBytes > 0;) {
        const chunk = leftBytes < CHUNK.byteLength ? CHUNK.subarray(0, leftBytes) : CHUNK;
        leftBytes -= chunk.byteLength;
        takes = stream.write(chunk);
      }
      if (leftBytes === 0) stream.end();
    };
    this.#tasks.push(() => {
      stream.sendHead(this.#answer);
      write();
    });
    return { onReadable() {}, onWritable: write, onClosed: () => stream.release() };
  }

  #settle(): void {
    for (let at = 0; at < this.#tasks.length; at++) this.#tasks[at]?.();
    this.#tasks.length = 0;
  }
}

function fail(error: Error): never {
  throw error;
}
