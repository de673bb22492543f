import { OWN_CAPABILITIES } from "../../../shared/protocol/capabilities.ts";
import { type ErrorCode, ERROR_CODES } from "../../../shared/protocol/error-code.ts";
import { decodeMessage, encodeMessage } from "../../../shared/protocol/frame-codec.ts";
import { encodeOffset, encodeReset, encodeU32 } from "../../../shared/protocol/frame-payloads.ts";
import { FLAG, FRAME, type Frame, NO_PAYLOAD } from "../../../shared/protocol/frame.ts";
import { encodeHello, type Hello } from "../../../shared/protocol/handshake.ts";
import { decodeOpen, encodeHead } from "../../../shared/protocol/head-codec.ts";
import type { Field, OpenHead } from "../../../shared/protocol/head.ts";
import { writeU16, writeU32 } from "../../../shared/protocol/integers.ts";

const WAIT_MS = 15_000;
const POLL_MS = 5;

const encoder = new TextEncoder();

export const HELLO: Hello = {
  softwareVersion: "0.0.0-hand",
  connectorId: "hand",
  connectionIndex: 0,
  capabilities: OWN_CAPABILITIES,
  maxStreams: 512,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
};

/** A connector's socket, with only what a hand-made peer needs. */
export interface PeerSocket {
  send(data: Uint8Array | string): void;
  close(code: number, reason: string): void;
}

/** A connector that does what a test tells it, valid or not. On its own it answers only PING. */
export class HandPeer {
  /** Frames that were received and not taken yet. */
  readonly inbox: Frame[] = [];
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | null = null;
  /** If true, it does not answer PING either. */
  silent = false;
  readonly #socket: PeerSocket;

  constructor(socket: PeerSocket) {
    this.#socket = socket;
  }

  /** The frames of streams that were not taken yet. */
  get streamFrames(): Frame[] {
    return this.inbox.filter(({ streamId }) => streamId !== 0);
  }

  received(data: Uint8Array | string): void {
    if (typeof data === "string") {
      this.texts.push(data);
      return;
    }
    decodeMessage(data, (type, flags, streamId, view) => {
      const payload = view.slice();
      const asked = type === FRAME.PING && (flags & FLAG.ACK) === 0;
      if (!asked) this.inbox.push({ type, flags, streamId, payload });
      else if (!this.silent) this.send(frame(FRAME.PING, payload, 0, FLAG.ACK));
    });
  }

  /** Sends all frames in one message. */
  send(...frames: Frame[]): void {
    this.#socket.send(encodeMessage(frames));
  }

  sendRaw(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  close(code = 1000, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** Takes the first frame of this type (and stream) that was not taken before. */
  async take(type: number, streamId?: number): Promise<Frame> {
    const index = () =>
      this.inbox.findIndex((frame) => frame.type === type && (streamId ?? frame.streamId) === frame.streamId);
    await until(
      () => index() !== -1,
      () => `frame ${type} of stream ${streamId ?? "any"}; closed ${JSON.stringify(this.closed)}`,
    );
    const [frame] = this.inbox.splice(index(), 1);
    if (frame === undefined) throw new Error("unreachable");
    return frame;
  }

  async takeOpen(): Promise<OpenHead & { id: number; end: boolean }> {
    const { streamId, flags, payload } = await this.take(FRAME.OPEN);
    return { ...decodeOpen(payload), id: streamId, end: (flags & FLAG.END) !== 0 };
  }

  /** Sends HELLO and waits for WELCOME. */
  async greet(hello: Partial<Hello> = {}): Promise<Frame> {
    this.send(frame(FRAME.HELLO, encodeHello({ ...HELLO, ...hello })));
    return this.take(FRAME.WELCOME);
  }

  /** Sends a complete answer with status 200. */
  answer(id: number, text: string): void {
    this.send(head(id, 200), data(id, text, true));
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await until(
      () => this.closed !== null,
      () => "the close",
    );
    return this.closed ?? { code: 0, reason: "" };
  }

  /** Resolves when the other end has processed everything sent before. It fails if the connection has ended. */
  async settled(): Promise<void> {
    this.send(frame(FRAME.PING, new Uint8Array(8)));
    await this.take(FRAME.PING);
  }
}

/** Polls until the condition holds. After a deadline it throws an error that names the condition. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string = () => "it",
): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export function frame(type: number, payload: Uint8Array = NO_PAYLOAD, streamId = 0, flags = 0): Frame {
  return { type, flags, streamId, payload };
}

export function head(id: number, status: number, fields: readonly Field[] = [], flags = 0): Frame {
  return frame(FRAME.HEAD, encodeHead({ status, reason: "", fields }), id, flags);
}

export function data(id: number, bytes: Uint8Array | string, end = false): Frame {
  const payload = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
  return frame(FRAME.DATA, payload, id, end ? FLAG.END : 0);
}

export function reset(id: number, code: ErrorCode = "NO_ERROR", flags = 0, detail = ""): Frame {
  return frame(FRAME.RESET, encodeReset(code, detail), id, flags);
}

export function window(id: number, offsetBytes: number): Frame {
  return frame(FRAME.WINDOW, encodeOffset(offsetBytes), id);
}

export function streams(credit: number): Frame {
  return frame(FRAME.STREAMS, encodeU32(credit));
}

export function goaway(lastStreamId: number, code: ErrorCode = "NO_ERROR"): Frame {
  const payload = new Uint8Array(10);
  writeU32(payload, 0, lastStreamId);
  writeU16(payload, 4, ERROR_CODES[code]);
  return frame(FRAME.GOAWAY, payload);
}

/** A close with any code and bytes. The encoder would correct both. */
export function wsClose(id: number, code: number, reason: Uint8Array | string = ""): Frame {
  const bytes = typeof reason === "string" ? encoder.encode(reason) : reason;
  const payload = new Uint8Array(2 + bytes.byteLength);
  writeU16(payload, 0, code);
  payload.set(bytes, 2);
  return frame(FRAME.WSCLOSE, payload, id);
}

/** A name or static id, and a value. Lengths can be given to be wrong. */
export type RawEntry = readonly [
  name: string | number,
  value: string,
  lengths?: { name?: number; value?: number },
];

/** A block of fields that nothing has validated: count, pairs of lengths, blob. */
function rawBlock(entries: readonly RawEntry[], blob?: Uint8Array): Uint8Array {
  const table = new Uint8Array(2 + 4 * entries.length);
  writeU16(table, 0, entries.length);
  let text = "";
  for (const [index, [name, value, lengths = {}]] of entries.entries()) {
    const isId = typeof name === "number";
    writeU16(table, 2 + 4 * index, lengths.name ?? (isId ? 0x8000 | name : name.length));
    writeU16(table, 4 + 4 * index, lengths.value ?? value.length);
    text += (isId ? "" : name) + value;
  }
  return concat(table, blob ?? encoder.encode(text));
}

export function rawHead(
  id: number,
  status: number,
  entries: readonly RawEntry[] = [],
  options: { flags?: number; blob?: Uint8Array } = {},
): Frame {
  const statusBytes = new Uint8Array(2);
  writeU16(statusBytes, 0, status);
  return frame(FRAME.HEAD, concat(statusBytes, rawBlock(entries, options.blob)), id, options.flags ?? 0);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
