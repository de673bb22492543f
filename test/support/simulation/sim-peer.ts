import { ConnectorMux } from "../../../shared/mux/connector-mux.ts";
import { SendBudget } from "../../../shared/mux/credit/flow-window.ts";
import { RelayMux } from "../../../shared/mux/relay-mux.ts";
import type { ConnectionRest, StreamRest } from "../../../shared/mux/rest.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/stream.ts";
import { OWN_CAPABILITIES } from "../../../shared/protocol/capabilities.ts";
import { decodeMessage, encodeMessage } from "../../../shared/protocol/frame-codec.ts";
import { encodeU32 } from "../../../shared/protocol/frame-payloads.ts";
import { FLAG, FRAME, type Frame } from "../../../shared/protocol/frame.ts";
import { encodeHello, encodeWelcome, type Hello } from "../../../shared/protocol/handshake.ts";
import { encodeHead, encodeOpen } from "../../../shared/protocol/head-codec.ts";
import type { OpenHead } from "../../../shared/protocol/head.ts";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import type { Transport } from "../../../shared/transport.ts";
import { FakeClock } from "../fake-clock.ts";
import { memoryOf } from "../memory.ts";
import { SOME_REQUEST } from "./sim-pair.ts";

export const STREAM_WINDOW = 64 * 1024;
export const CONNECTION_WINDOW = 256 * 1024;
export const MAX_STREAMS = 8;
const MEMORY = 64 * 1024 * 1024;
const BUDGET = 1024 * 1024;

export const HELLO_PAYLOAD = encodeHello({
  softwareVersion: "0.1.0",
  connectorId: "con_1",
  connectionIndex: 0,
  capabilities: OWN_CAPABILITIES,
  maxStreams: MAX_STREAMS,
  streamWindowBytes: STREAM_WINDOW,
  connectionWindowBytes: CONNECTION_WINDOW,
});

export const WELCOME_PAYLOAD = encodeWelcome({
  softwareVersion: "0.1.0",
  relayId: "relay-1",
  epoch: 0,
  capabilities: OWN_CAPABILITIES,
  streamWindowBytes: STREAM_WINDOW,
  connectionWindowBytes: CONNECTION_WINDOW,
});

export const frame = (
  name: keyof typeof FRAME,
  streamId = 0,
  payload: Uint8Array = new Uint8Array(0),
  flags = 0,
): Frame => ({
  type: FRAME[name],
  flags,
  streamId,
  payload,
});

export const headFrame = (streamId: number, status = 200, flags = 0): Frame =>
  frame("HEAD", streamId, encodeHead({ status, reason: "", fields: [] }), flags);

export const openFrame = (streamId: number, open: Partial<OpenHead> = {}, flags = 0): Frame =>
  frame("OPEN", streamId, encodeOpen({ ...SOME_REQUEST, ...open }), flags);

/** The part of a bench's memory that is reserved for small requests. */
export const RESERVE_BYTES = 1024 * 1024;

/** Records what the owner of a stream sees. */
export class Witness implements StreamHandler {
  stream: Stream | null = null;
  heads: number[] = [];
  stops = 0;
  readable = 0;
  /** One entry per call of `onClosed`. */
  closed: (TunnelError | null)[] = [];

  onHead(head: { status: number }): void {
    this.heads.push(head.status);
  }

  onReadable(): void {
    this.readable++;
  }

  onWritable(): void {}

  onRest(_rest: StreamRest): void {}

  onStop(): void {
    this.stops++;
  }

  onClosed(error: TunnelError | null): void {
    this.closed.push(error);
    this.stream?.release();
  }
}

/** One real end, and a hand-made peer that may send anything. */
export class Bench {
  readonly clock = new FakeClock();
  readonly memory = memoryOf(MEMORY + RESERVE_BYTES, RESERVE_BYTES);
  readonly budget = new SendBudget(BUDGET, 64 * 1024, this.memory);
  readonly sent: Frame[] = [];
  /** What the transport says that it has not sent yet. */
  bufferedBytes = 0;
  readonly witnesses: Witness[] = [];
  readonly connectionErrors: TunnelError[] = [];
  /** The states from which the connection can be restored, as the relay reported them. */
  readonly rests: (ConnectionRest | null)[] = [];
  closeCode: number | null = null;
  /** The number of streams that the relay charges to their callers. */
  chargedStreams = 0;
  /** Those with an id: the peer has read what was sent before. */
  answersPings = true;
  readonly end: "relay" | "connector";
  readonly mux: RelayMux | ConnectorMux;
  readonly #connectionWindowBytes: number;
  readonly #hello: Pick<Hello, "stallTimeoutMs">;

  /** `hello` adds to the connector's HELLO. */
  constructor(
    end: "relay" | "connector",
    connectionWindowBytes = CONNECTION_WINDOW,
    hello: Pick<Hello, "stallTimeoutMs"> = {},
  ) {
    this.end = end;
    this.#connectionWindowBytes = connectionWindowBytes;
    this.#hello = hello;
    this.mux = end === "relay" ? this.#newRelay() : this.#newConnector();
  }

  /** A bench after the handshake, with two streams of the kind open: ids 1 and 3. */
  static ready(
    end: "relay" | "connector",
    kind: OpenHead["kind"] = "http",
    connectionWindowBytes = CONNECTION_WINDOW,
  ): Bench {
    const bench = new Bench(end, connectionWindowBytes);
    bench.greet();
    bench.open({ kind });
    bench.open({ kind });
    bench.sent.length = 0;
    return bench;
  }

  greet(): void {
    this.send(this.end === "relay" ? frame("HELLO", 0, HELLO_PAYLOAD) : frame("WELCOME", 0, WELCOME_PAYLOAD));
  }

  /** Opens the next stream, from the end that may open streams. */
  open(open: Partial<OpenHead> = {}, end = false): Witness {
    if (this.mux instanceof RelayMux) {
      const witness = new Witness();
      witness.stream = this.mux.open({ ...SOME_REQUEST, ...open }, end, witness);
      this.witnesses.push(witness);
      this.clock.advance(1);
    } else {
      this.send(openFrame(2 * this.witnesses.length + 1, open, end ? FLAG.END : 0));
    }
    return this.witness(this.witnesses.length - 1);
  }

  witness(index: number): Witness {
    const witness = this.witnesses[index];
    if (witness === undefined) throw new Error(`no stream ${index}`);
    return witness;
  }

  stream(index: number): Stream {
    const { stream } = this.witness(index);
    if (stream === null) throw new Error(`no stream ${index}`);
    return stream;
  }

  /** Sends one message with these frames. Everything that follows from it runs at once. */
  send(...frames: Frame[]): void {
    this.sendRaw(encodeMessage(frames));
  }

  sendRaw(message: Uint8Array): void {
    this.mux.receive(message);
    this.clock.advance(0);
  }

  /** Lets time pass while the peer shows now and then that it is alive. It answers PINGs only if `answersPings`. */
  idle(forMs: number): void {
    for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
      this.clock.advance(1_000);
      this.send(frame("PING", 0, new Uint8Array(8), FLAG.ACK));
    }
  }

  framesSent(name: keyof typeof FRAME, streamId = 0): Frame[] {
    return this.sent.filter((sent) => sent.type === FRAME[name] && sent.streamId === streamId);
  }

  get memoryIsWhole(): boolean {
    return this.memory.heldBytes === 0;
  }

  get budgetIsWhole(): boolean {
    return this.budget.roomBytes(BUDGET) === BUDGET;
  }

  get #common() {
    const transport: Transport = {
      send: (frames) =>
        decodeMessage(encodeMessage(frames), (type, flags, streamId, payload) => {
          const sent = { type, flags, streamId, payload: payload.slice() };
          this.sent.push(sent);
          if (this.answersPings && type === FRAME.PING && sent.payload.some((byte) => byte > 0))
            this.clock.soon(() => this.mux.receive(encodeMessage([{ ...sent, flags: FLAG.ACK }])));
        }),
      close: (code) => (this.closeCode = code),
      bufferedBytes: () => this.bufferedBytes,
    };
    return {
      transport,
      clock: this.clock,
      streamWindowBytes: STREAM_WINDOW,
      streamWindowMaxBytes: 4 * STREAM_WINDOW,
      connectionWindowBytes: this.#connectionWindowBytes,
      memory: this.memory,
      budget: this.budget,
      gatherMs: 0,
    };
  }

  #newRelay(): RelayMux {
    return new RelayMux({
      ...this.#common,
      events: {
        onHello: () => {},
        onEpoch: () => {},
        onRest: (rest) => void this.rests.push(rest),
        onStreamOpened: () => this.chargedStreams++,
        onCreditBack: () => this.chargedStreams--,
        onClosed: (error) => this.connectionErrors.push(error),
      },
      relayId: "relay-1",
      softwareVersion: "0.1.0",
    });
  }

  #newConnector(): ConnectorMux {
    const mux = new ConnectorMux({
      ...this.#common,
      events: {
        onWelcome: () => {},
        onStream: (stream) => {
          const witness = new Witness();
          witness.stream = stream;
          this.witnesses.push(witness);
          return witness;
        },
        onClosed: (error) => this.connectionErrors.push(error),
      },
      hello: {
        ...{ softwareVersion: "0.1.0", connectorId: "con_1", connectionIndex: 0, maxStreams: MAX_STREAMS },
        ...this.#hello,
      },
    });
    mux.start();
    return mux;
  }
}

export const u32 = encodeU32;
