import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawFrame {
  opcode: number;
  fin: boolean;
  payload: Buffer;
}

/** A client's frame in the layout of RFC 6455 §5.2, valid or not. */
export function rawFrame(
  opcode: number,
  payload: Buffer | string = "",
  { fin = true, reserved = 0 }: { fin?: boolean; reserved?: number } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const mask = randomBytes(4);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const head = [first];
  if (bytes.length < 126) head.push(0x80 | bytes.length);
  else if (bytes.length < 65_536) head.push(0x80 | 126, bytes.length >> 8, bytes.length & 0xff);
  else head.push(0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes.length >> shift) & 0xff));
  for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([Buffer.from(head), mask, bytes]);
}

/** A WebSocket client that sends the bytes that it is given, and shows the frames that come back. */
export class RawWebSocket {
  readonly frames: RawFrame[] = [];
  /** Whether the TCP connection has ended. */
  ended = false;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #open = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#parse();
    });
    socket.on("error", () => {});
    socket.on("close", () => (this.ended = true));
  }

  /** Sends the handshake. `isOpen` says when it was answered. */
  static dial(url: string): RawWebSocket {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const path = url.slice(url.indexOf(host) + host.length);
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    return new RawWebSocket(socket);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Null if there was no close frame, or if it had no code. */
  get closeCode(): number | null {
    const close = this.frames.find(({ opcode }) => opcode === OPCODE.close);
    return close === undefined || close.payload.length < 2 ? null : close.payload.readUInt16BE(0);
  }

  get isClosing(): boolean {
    return this.ended || this.frames.some(({ opcode }) => opcode === OPCODE.close);
  }

  /** In pieces of `chopBytes`. */
  send(bytes: Buffer, chopBytes = bytes.length): void {
    for (let at = 0; at < bytes.length; at += chopBytes) {
      if (!this.#socket.destroyed) this.#socket.write(bytes.subarray(at, at + chopBytes));
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #parse(): void {
    if (!this.#open) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end === -1) return;
      if (!this.#received.toString("latin1", 0, end).startsWith("HTTP/1.1 101 ")) return this.destroy();
      this.#open = true;
      this.#received = this.#received.subarray(end + 4);
    }
    for (let size = this.#takeFrame(); size > 0; size = this.#takeFrame())
      this.#received = this.#received.subarray(size);
  }

  /** The length of the first frame; 0 while it is incomplete. */
  #takeFrame(): number {
    const bytes = this.#received;
    if (bytes.length < 2) return 0;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const headBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < headBytes) return 0;
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < headBytes + length) return 0;
    const payload = Buffer.from(bytes.subarray(headBytes, headBytes + length));
    this.frames.push({ opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload });
    return headBytes + length;
  }
}
