import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

export const TYPE = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const WITH_PRIORITY = 0x20;

/** HTTP/2 by hand, independent of the product's code. It writes any frame, valid or not. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | string = "",
): Buffer {
  const bytes = Buffer.from(payload as string, "latin1");
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(bytes.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, bytes]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

/** Literal fields that are not indexed, without Huffman codes. Values are Latin-1. */
export function block(...fields: [name: string, value: string][]): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([integer(value.length), Buffer.from(value, "latin1")]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** An integer with a prefix of seven bits (RFC 7541 §5.1). */
function integer(value: number): Buffer {
  if (value < 0x7f) return Buffer.of(value);
  const bytes = [0x7f];
  let rest = value - 0x7f;
  for (; rest >= 0x80; rest >>>= 7) bytes.push(0x80 | (rest & 0x7f));
  return Buffer.of(...bytes, rest);
}

export function settings(...pairs: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  for (const [at, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  }
  return frame(TYPE.SETTINGS, 0, 0, payload);
}

export function headers(
  streamId: number,
  fields: [name: string, value: string][],
  flags = END_HEADERS,
): Buffer {
  return frame(TYPE.HEADERS, flags, streamId, block(...fields));
}

export function data(streamId: number, bytes: Uint8Array | string, flags = 0): Buffer {
  return frame(TYPE.DATA, flags, streamId, bytes);
}

export function reset(streamId: number, code: number): Buffer {
  return frame(TYPE.RST_STREAM, 0, streamId, uint32(code));
}

export function goaway(lastId: number, code: number): Buffer {
  return frame(TYPE.GOAWAY, 0, 0, uint32(lastId, code));
}

export interface ReceivedFrame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

/** One client of a `FrameServer`. */
export class FrameClient {
  readonly socket: Socket;
  /** Counted from 1. */
  readonly number: number;
  readonly frames: ReceivedFrame[] = [];
  #bytes = Buffer.alloc(0);
  #greeted = false;

  constructor(socket: Socket, number: number, onFrame: (client: FrameClient, frame: ReceivedFrame) => void) {
    this.socket = socket;
    this.number = number;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      for (let frame = this.#cut(); frame !== null; frame = this.#cut()) {
        this.frames.push(frame);
        onFrame(this, frame);
      }
    });
  }

  send(...parts: Buffer[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(parts));
  }

  resetsOf(streamId: number): number[] {
    return this.frames
      .filter((frame) => frame.type === TYPE.RST_STREAM && frame.streamId === streamId)
      .map(({ payload }) => payload.readUInt32BE(0));
  }

  #cut(): ReceivedFrame | null {
    if (!this.#greeted) {
      if (this.#bytes.byteLength < PREFACE_BYTES) return null;
      this.#bytes = this.#bytes.subarray(PREFACE_BYTES);
      this.#greeted = true;
    }
    if (this.#bytes.byteLength < HEAD_BYTES) return null;
    const end = HEAD_BYTES + this.#bytes.readUIntBE(0, 3);
    if (this.#bytes.byteLength < end) return null;
    const frame: ReceivedFrame = {
      type: this.#bytes[3] ?? 0,
      flags: this.#bytes[4] ?? 0,
      streamId: this.#bytes.readUInt32BE(5) & 0x7fff_ffff,
      payload: this.#bytes.subarray(HEAD_BYTES, end),
    };
    this.#bytes = this.#bytes.subarray(end);
    return frame;
  }
}

/** An HTTP/2 server on a bare socket. It keeps the frames that it receives, and sends what the test says. */
export class FrameServer {
  readonly clients: FrameClient[] = [];
  /** Runs for each new client, after the connection preface. */
  onClient: (client: FrameClient) => void = () => {};
  readonly #server: Server;

  /**
   * `onFrame` runs for each frame of each client. With TLS options, the server offers only HTTP/2 unless they say
   * otherwise.
   */
  constructor(
    onFrame: (client: FrameClient, frame: ReceivedFrame) => void,
    { hello = settings(), tls }: { hello?: Buffer; tls?: TlsOptions } = {},
  ) {
    const serve = (socket: Socket): void => {
      socket.setNoDelay(true);
      const client = new FrameClient(socket, this.clients.length + 1, onFrame);
      this.clients.push(client);
      if (hello.byteLength > 0) client.send(hello);
      this.onClient(client);
    };
    this.#server =
      tls === undefined ? createServer(serve) : createTlsServer({ ALPNProtocols: ["h2"], ...tls }, serve);
    this.#server.on("tlsClientError", () => {});
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openCount(): number {
    return this.clients.filter(({ socket }) => !socket.destroyed).length;
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.clients) socket.destroy();
  }
}
