import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { nodeClock } from "../../../connector/platform/node-clock.ts";
import { SendBudget } from "../../../shared/mux/credit/flow-window.ts";
import { RelayMux } from "../../../shared/mux/relay-mux.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/stream.ts";
import { encodeMessage } from "../../../shared/protocol/frame-codec.ts";
import type { Hello } from "../../../shared/protocol/handshake.ts";
import type { Field, OpenHead, ResponseHead } from "../../../shared/protocol/head.ts";
import {
  CONNECTION_WINDOW_BYTES,
  MAX_UNACKNOWLEDGED_BYTES,
  MIN_UNACKNOWLEDGED_BYTES,
  PING_TEXT,
  PONG_TEXT,
  RELAY_STREAM_WINDOW_BYTES,
  RELAY_STREAM_WINDOW_MAX_BYTES,
} from "../../../shared/protocol/limits.ts";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { formatToken } from "../../../shared/tokens/token.ts";
import { memoryOf } from "../memory.ts";

/** One connection of a connector, as the relay sees it. */
export interface Attachment {
  mux: RelayMux;
  socket: WebSocket;
  request: IncomingMessage;
  hello: Hello;
  pings: number;
}

/** A relay of one tunnel, without Workers: the real mux on a `ws` server. Tests open streams themselves. */
export class RelayDouble {
  readonly attachments: Attachment[] = [];
  /** If set, handshakes are refused with this status. */
  refuseWith: number | null = null;
  /** The number of handshakes, including refused ones. */
  handshakes = 0;
  readonly #server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: false,
    verifyClient: (_info, done) => {
      this.handshakes++;
      done(this.refuseWith === null, this.refuseWith ?? 101);
    },
  });

  async start(): Promise<void> {
    this.#server.on("connection", (socket, request) => this.#attach(socket, request));
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get token(): string {
    const secret = new Uint8Array(32).fill(1);
    return formatToken({
      relayUrl: this.url,
      tunnelId: `tnl_${"a".repeat(20)}`,
      kid: `k_${"b".repeat(12)}`,
      secret,
    });
  }

  /** The newest connection that still exists. */
  get current(): Attachment {
    const attachment = this.attachments.findLast(({ mux }) => !mux.isClosed);
    if (attachment === undefined) throw new Error("no connector is attached");
    return attachment;
  }

  close(): void {
    for (const { socket } of this.attachments) socket.terminate();
    this.#server.close();
  }

  #attach(socket: WebSocket, request: IncomingMessage): void {
    const mux: RelayMux = new RelayMux({
      transport: {
        send: (frames) => socket.send(encodeMessage(frames), { binary: true }, () => mux.drained()),
        close: (code, reason) => socket.close(code, reason),
        bufferedBytes: () => socket.bufferedAmount,
      },
      clock: nodeClock,
      relayId: "relay-double",
      softwareVersion: "test",
      streamWindowBytes: RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      memory: memoryOf(),
      budget: new SendBudget(MAX_UNACKNOWLEDGED_BYTES, MIN_UNACKNOWLEDGED_BYTES, null),
      gatherMs: 0,
      events: {
        onHello: (hello) => this.attachments.push(Object.assign(attachment, { hello })),
        onEpoch() {},
        onRest() {},
        onClosed() {},
      },
    });
    const attachment = { mux, socket, request, pings: 0 };
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) return mux.receive(data);
      if (data.toString() !== PING_TEXT) throw new Error(`text message ${data.toString()}`);
      attachment.pings++;
      socket.send(PONG_TEXT);
    });
    socket.on("close", () => mux.transportClosed(new Error("closed") as TunnelError));
  }
}

/** The gateway's side of one request. It collects everything that the connector sends back. */
export class Call implements StreamHandler {
  readonly stream: Stream;
  head: ResponseHead | null = null;
  informational = 0;
  body: Buffer = Buffer.alloc(0);
  receivedBytes = 0;
  readonly messages: { data: string; text: boolean }[] = [];
  closed = false;
  /** Resolves when the stream is closed. */
  readonly over: Promise<void>;
  readonly #tellOver: () => void;
  error: TunnelError | null = null;
  stopped = false;
  /** If false, data stays in the stream, and its window closes. */
  reading = true;
  /** If false, body bytes are counted but not kept, for large transfers. */
  keepBody = true;
  onWritable: () => void = () => {};
  #partial: Buffer[] = [];

  constructor(mux: RelayMux, target: string, open: Partial<OpenHead> = {}, options: { end?: boolean } = {}) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#tellOver = resolve;
    this.stream = mux.open(
      {
        kind: "http",
        target,
        service: "test-api",
        method: "GET",
        path: "/",
        project: "p",
        environment: "production",
        requestId: "req-1",
        fields: [],
        ...open,
      },
      options.end ?? true,
      this,
    );
  }

  get text(): string {
    return this.body.toString("utf8");
  }

  field(name: string): string[] {
    return this.fields.filter((field) => field[0] === name).map((field) => field[1]);
  }

  get fields(): readonly Field[] {
    return this.head?.fields ?? [];
  }

  onHead(head: ResponseHead, informational: boolean): void {
    if (informational) this.informational++;
    else this.head = head;
  }

  onReadable(): void {
    if (!this.reading) return;
    if (this.stream.open.kind === "websocket" && this.head?.status === 101) return this.#readMessages();
    for (let bytes = this.stream.read(); bytes !== null; bytes = this.stream.read()) {
      this.receivedBytes += bytes.byteLength;
      if (this.keepBody) this.body = Buffer.concat([this.body, bytes]);
    }
  }

  onStop(): void {
    this.stopped = true;
  }

  onClosed(error: TunnelError | null): void {
    this.closed = true;
    this.error = error;
    this.#tellOver();
  }

  #readMessages(): void {
    for (let message = this.stream.readMessage(); message !== null; message = this.stream.readMessage()) {
      this.#partial.push(Buffer.from(message.bytes));
      this.receivedBytes += message.bytes.byteLength;
      if (message.more) continue;
      const whole = Buffer.concat(this.#partial);
      this.messages.push({
        data: message.text ? whole.toString("utf8") : whole.toString("hex"),
        text: message.text,
      });
      this.#partial = [];
    }
  }
}
