import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { bytesOf } from "../../test/support/bytes-of.ts";
import { WebSocketViolation } from "./websocket-frame-reader.ts";
import { MessageReader } from "./message-reader.ts";

const MAX_BYTES = 100_000;
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface Shape {
  fin?: boolean;
  reserved?: number;
  masked?: boolean;
  /** Of the length field: 1, 3 or 9 bytes, also where fewer would do. */
  lengthBytes?: number;
}

/** A server's frame (RFC 6455 §5.2), right or wrong. */
function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  { fin = true, reserved = 0, masked = false, lengthBytes }: Shape = {},
): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([
    Buffer.of((fin ? 0x80 : 0) | (reserved << 4) | opcode),
    lengthField(bytes.byteLength, masked, lengthBytes),
    masked ? Buffer.alloc(4) : Buffer.alloc(0),
    bytes,
  ]);
}

function lengthField(
  length: number,
  masked = false,
  bytes = length < 126 ? 1 : length < 65_536 ? 3 : 9,
): Buffer {
  const field = Buffer.alloc(bytes);
  field[0] = (masked ? 0x80 : 0) | (bytes === 1 ? length : bytes === 3 ? 126 : 127);
  if (bytes === 3) field.writeUInt16BE(length, 1);
  if (bytes === 9) field.writeBigUInt64BE(BigInt(length), 1);
  return field;
}

const closing = (code: number, reason: Uint8Array | string = ""): Buffer =>
  Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
const filled = (length: number): Buffer => bytesOf(length, (i) => i * 7 + (i >>> 8));

type Event = readonly [kind: "message" | "text" | "ping" | "close" | "violation", content: string];

const told = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** All that a reader tells of these chunks. */
function eventsOf(chunks: readonly Buffer[]): Event[] {
  const events: Event[] = [];
  const reader = new MessageReader(MAX_BYTES, {
    onMessage: (message) => events.push(["message", told(message)]),
    onText: (text) => events.push(["text", text]),
    onPing: (payload) => events.push(["ping", told(payload)]),
    onClose: (code, payload) => events.push(["close", `${code} ${told(payload.subarray(2))}`]),
  });
  for (const chunk of chunks) {
    try {
      reader.read(chunk);
    } catch (thrown) {
      if (!(thrown instanceof WebSocketViolation)) throw thrown;
      events.push(["violation", String(thrown.closeCode)]);
    }
  }
  return events;
}

interface Receiver {
  on(event: string, listener: (...args: never[]) => void): void;
  write(chunk: Buffer): void;
}

/** The same by `ws`. */
async function secondOpinion(chunks: readonly Buffer[]): Promise<Event[]> {
  const { Receiver } = ws as unknown as { Receiver: new (options: { maxPayload: number }) => Receiver };
  const receiver = new Receiver({ maxPayload: MAX_BYTES });
  const events: Event[] = [];
  receiver.on("message", (message: Buffer, isBinary: boolean) =>
    events.push(isBinary ? ["message", told(message)] : ["text", message.toString("utf8")]),
  );
  receiver.on("ping", (payload: Buffer) => events.push(["ping", told(payload)]));
  let isOver = false;
  receiver.on("conclude", (code: number, reason: Buffer) => {
    events.push(["close", `${code} ${told(reason)}`]);
    isOver = true;
  });
  receiver.on("error", (error: Error) => {
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === "status-code",
    );
    const code: unknown = status === undefined ? error.message : Reflect.get(error, status);
    events.push(["violation", String(code)]);
    isOver = true;
  });
  for (const chunk of chunks) {
    receiver.write(chunk);
    await new Promise((resolve) => process.nextTick(resolve));
    if (isOver) break;
  }
  await new Promise((resolve) => setImmediate(resolve));
  return events;
}

const byteByByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

const { binary, close, continuation, ping, pong, text } = OPCODE;
const open = { fin: false };
const good: [name: string, frames: Buffer[], events: Event[]][] = [
  ["a message", [frame(binary, "abc")], [["message", "abc"]]],
  ["an empty message", [frame(binary)], [["message", ""]]],
  ["a message of 125 bytes", [frame(binary, filled(125))], [["message", told(filled(125))]]],
  ["a message of 126 bytes", [frame(binary, filled(126))], [["message", told(filled(126))]]],
  ["a length in more bytes than it needs", [frame(binary, "a", { lengthBytes: 9 })], [["message", "a"]]],
  ["a text", [frame(text, "p")], [["text", "p"]]],
  ["a text beyond ASCII", [frame(text, "ü✓\u{1f600}")], [["text", "ü✓\u{1f600}"]]],
  ["a text that begins with a byte order mark", [frame(text, "\ufeffp")], [["text", "\ufeffp"]]],
  ["a ping", [frame(ping, "now")], [["ping", "now"]]],
  ["a ping of 125 bytes", [frame(ping, filled(125))], [["ping", told(filled(125))]]],
  ["a pong that nobody asked for", [frame(pong, "x"), frame(text, "q")], [["text", "q"]]],
  [
    "a message in fragments",
    [frame(binary, "a", open), frame(continuation, "", open), frame(continuation, "bc")],
    [["message", "abc"]],
  ],
  [
    "fragments of which all are empty",
    [frame(binary, "", open), frame(continuation, "", open), frame(continuation)],
    [["message", ""]],
  ],
  [
    "a character cut by a fragment",
    [frame(text, Buffer.of(0xc3), open), frame(continuation, Buffer.of(0xbc))],
    [["text", "ü"]],
  ],
  [
    "control frames among fragments",
    [frame(binary, "a", open), frame(ping, "1"), frame(pong), frame(continuation, "b"), frame(text, "q")],
    [
      ["ping", "1"],
      ["message", "ab"],
      ["text", "q"],
    ],
  ],
  ["a close without a code", [frame(close)], [["close", "1005 "]]],
  ["a close", [frame(close, closing(4409, "replacé"))], [["close", `4409 ${told(Buffer.from("replacé"))}`]]],
  [
    "a close of 125 bytes",
    [frame(close, closing(1001, "a".repeat(123)))],
    [["close", `1001 ${"a".repeat(123)}`]],
  ],
  ["nothing behind a close", [frame(close), frame(ping), frame(15)], [["close", "1005 "]]],
  [
    "a close among fragments",
    [frame(binary, "a", open), frame(close, closing(1000)), frame(continuation, "b")],
    [["close", "1000 "]],
  ],
];

const bad: [name: string, frames: Buffer[], closeCode: number][] = [
  ...[1, 2, 4, 7].map((reserved): [string, Buffer[], number] => [
    `reserved bits ${reserved}`,
    [frame(binary, "a", { reserved })],
    1002,
  ]),
  ["reserved bits of a control frame", [frame(ping, "", { reserved: 4 })], 1002],
  ["a masked frame", [frame(binary, "a", { masked: true })], 1002],
  ["a masked close", [frame(close, "", { masked: true })], 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer[], number] => [
    `opcode ${opcode}`,
    [frame(opcode)],
    1002,
  ]),
  ["a continuation of nothing", [frame(continuation, "a")], 1002],
  ["a message inside another", [frame(binary, "a", open), frame(binary, "b")], 1002],
  ["a text inside a message", [frame(binary, "a", open), frame(text, "b")], 1002],
  ["a ping in fragments", [frame(ping, "a", open)], 1002],
  ["a close in fragments", [frame(close, closing(1000), open)], 1002],
  ["a ping of 126 bytes", [frame(ping, filled(126))], 1002],
  ["a ping whose length is told in 8 bytes", [frame(ping, "a", { lengthBytes: 9 })], 1002],
  ["a close code of one byte", [frame(close, "a")], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code): [string, Buffer[], number] => [
    `close code ${code}`,
    [frame(close, closing(code))],
    1002,
  ]),
  ["a close reason that is not UTF-8", [frame(close, closing(1000, Buffer.of(0xff)))], 1007],
  ["a text that is not UTF-8", [frame(text, Buffer.of(0xc3, 0x28))], 1007],
  ["a text that ends inside a character", [frame(text, Buffer.of(0xc3))], 1007],
  ["a text with a surrogate", [frame(text, Buffer.of(0xed, 0xa0, 0x80))], 1007],
  ["a text in fragments that is not UTF-8", [frame(text, Buffer.of(0xc3), open), frame(continuation)], 1007],
  [
    "fragments that grow too large",
    [
      frame(binary, filled(60_000), open),
      Buffer.concat([Buffer.of(0x80), lengthField(MAX_BYTES - 60_000 + 1)]),
    ],
    1009,
  ],
  ["a message too large, before it comes", [Buffer.of(binary | 0x80), lengthField(MAX_BYTES + 1)], 1009],
  ["a length in 32 bits and more", [Buffer.of(binary | 0x80, 127, 0, 0, 0, 1, 0, 0, 0, 0)], 1009],
  ["a length of 2^63", [Buffer.of(binary | 0x80, 127, 0x80, 0, 0, 0, 0, 0, 0, 0)], 1009],
];

const cases = [
  ...good,
  [
    "a continuation behind the last",
    [frame(binary, "a", open), frame(continuation), frame(continuation)],
    [
      ["message", "a"],
      ["violation", "1002"],
    ],
  ] satisfies (typeof good)[0],
  ...bad.map(([name, frames, code]): (typeof good)[0] => [name, frames, [["violation", String(code)]]]),
];

describe.each(cases)("%s", (_name, frames, expected) => {
  const bytes = Buffer.concat(frames);

  it("is read as one chunk, frame by frame, and as ws reads it", async () => {
    expect(eventsOf([bytes])).toEqual(expected);
    expect(eventsOf(frames)).toEqual(expected);
    expect(await secondOpinion([bytes])).toEqual(expected);
  });

  it("is read byte by byte, and cut anywhere", () => {
    if (bytes.byteLength < 1_000) expect(eventsOf(byteByByte(bytes))).toEqual(expected);
    for (let cut = 1; cut < bytes.byteLength; cut += bytes.byteLength < 1_000 ? 1 : 997) {
      expect(eventsOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
  });

  it("is the same after other frames, which are delivered first", () => {
    const before = Buffer.concat([frame(binary, "first"), frame(text, "p")]);
    const events = eventsOf([Buffer.concat([before, bytes]), frame(binary, "late")]);
    expect(events.slice(0, 2 + expected.length)).toEqual([["message", "first"], ["text", "p"], ...expected]);
    const isOver = ["close", "violation"].includes(expected.at(-1)?.[0] ?? "");
    expect(events.slice(2 + expected.length)).toEqual(isOver ? [] : [["message", "late"]]);
  });
});

it("takes a message of the largest size, in one frame or two", () => {
  const payload = filled(MAX_BYTES);
  const halves = [
    frame(binary, payload.subarray(0, 50_000), open),
    frame(continuation, payload.subarray(50_000)),
  ];
  for (const chunks of [[frame(binary, payload)], halves]) {
    expect(eventsOf(chunks)).toEqual([["message", told(payload)]]);
  }
});

it("delivers messages in memory of their own, of the exact size if views of it may be kept", () => {
  const messages: Buffer[] = [];
  const reader = new MessageReader(MAX_BYTES, {
    onMessage: (message) => messages.push(message),
    onText() {},
    onPing() {},
    onClose() {},
  });
  for (const chunks of [[20_008], [5_000, 20_008], [2, 3, 20_008]]) {
    const bytes = Buffer.concat([frame(binary, filled(10_000)), frame(binary, filled(10_000))]);
    cutAt(bytes, chunks).forEach((chunk) => {
      reader.read(chunk);
      chunk.fill(0xff);
    });
  }
  reader.read(frame(binary, "small"));
  expect(messages.map(({ byteLength }) => byteLength)).toEqual([...Array<number>(6).fill(10_000), 5]);
  expect(messages.slice(0, 6).every((message) => message.equals(filled(10_000)))).toBe(true);
  expect(messages.slice(0, 6).every(({ buffer }) => buffer.byteLength === 10_000)).toBe(true);
});

it("allocates little for fragments of one byte", () => {
  const one = Buffer.concat([
    frame(binary, "a", open),
    ...Array.from({ length: 50_000 }, () => frame(continuation, "a", open)),
  ]);
  expect(eventsOf([one, frame(continuation, "a")])).toEqual([["message", "a".repeat(50_002)]]);
});

it("delivers nothing more after it was ended, even from a handler", () => {
  const messages: string[] = [];
  const reader: MessageReader = new MessageReader(MAX_BYTES, {
    onMessage(message) {
      messages.push(told(message));
      reader.end();
    },
    onText() {},
    onPing() {},
    onClose() {},
  });
  reader.read(Buffer.concat([frame(binary, "1"), frame(binary, "2"), frame(15)]));
  reader.read(frame(binary, "3"));
  expect(messages).toEqual(["1"]);
});

// ── properties ────────────────────────────────────────────────────────────────────────────────────

const seldom = <T>(usual: T, unusual: T) =>
  fc.oneof({ weight: 60, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(unusual) });
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 99_999, MAX_BYTES, MAX_BYTES + 1) },
);
const someFrame = fc
  .record({
    opcode: fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(0, 0, 1, 2, 2, 2, 9, 10) },
      { weight: 1, arbitrary: fc.constantFrom(8, 3, 11) },
    ),
    fin: fc.boolean(),
    reserved: seldom(0, 4),
    masked: seldom(false, true),
    length: lengths,
    seed: fc.nat(),
    ascii: fc.oneof(
      { weight: 9, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
  })
  .map(({ opcode, length, seed, ascii, ...shape }) => ({
    opcode,
    shape,
    payload: filled(opcode > 7 ? Math.min(length, 126) : length).map(
      (byte) => (byte + seed) & (ascii ? 0x7f : 0xff),
    ),
  }));

/** Mostly as a peer in its right mind would send them. */
const frames = fc.array(someFrame, { maxLength: 12 }).chain((list) =>
  fc
    .oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
    .map((sane) => {
      let inside = false;
      return list.map(({ opcode, payload, shape }) => {
        if (!sane) return frame(opcode, payload, shape);
        if (opcode > 7) return frame(opcode, payload.subarray(0, 125), { ...shape, fin: true });
        const fitting = frame(inside ? 0 : opcode === 1 ? 1 : 2, payload, shape);
        inside = !shape.fin;
        return fitting;
      });
    }),
);

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.byteLength));
}

it("reads the same however the bytes are cut, and the same as ws", async () => {
  let violations = 0;
  let messages = 0;
  await fc.assert(
    fc.asyncProperty(
      frames,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.array(fc.nat(40), { maxLength: 20 }),
      async (list, far, near) => {
        const bytes = Buffer.concat(list);
        const whole = eventsOf([bytes]);
        const chunks = cutAt(bytes, [...far, ...near]);
        expect(eventsOf(chunks)).toEqual(whole);
        expect(await secondOpinion(chunks)).toEqual(whole);
        violations += whole.filter(([kind]) => kind === "violation").length;
        messages += whole.filter(([kind]) => kind === "message").length;
      },
    ),
    { numRuns: 400 },
  );
  expect(Math.min(violations, messages)).toBeGreaterThan(20);
});

it("reads any bytes as ws does", async () => {
  const bytes = fc.array(
    fc.oneof(fc.constantFrom(0x82, 0x81, 0x02, 0x80, 0x89, 0x88, 0, 1, 2, 3), fc.nat(255)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      expect(eventsOf([Buffer.from(raw)])).toEqual(await secondOpinion([Buffer.from(raw)]));
    }),
    { numRuns: 1_000 },
  );
});
