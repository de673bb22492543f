/** The frames that an upstream sends on a WebSocket, and the expected outcome. */
export interface RawFrames {
  name: string;
  bytes: Buffer;
  /** The messages that the gateway receives before the end: texts as they are, binary messages as hex. */
  messages: readonly string[];
  /** The close code that the gateway gets; null: a close without a code. */
  closes: number | null;
  /** Another code that is allowed: an impossibly large length is a violation, and it is also too big. */
  orCloses?: number;
}

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

interface FrameOptions {
  opcode?: number;
  fin?: boolean;
  reserved?: number;
  masked?: boolean;
  /** The length in the header, if it is not that of the payload. */
  length?: bigint;
  /** How many bytes encode the length. Default: as few as possible. */
  lengthBytes?: 0 | 2 | 8;
}

function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = OPCODES.text, fin = true, reserved = 0, masked = false } = options;
  const bytes = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
  const length = options.length ?? BigInt(bytes.byteLength);
  const lengthBytes = options.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const header = Buffer.alloc(2 + lengthBytes + (masked ? 4 : 0));
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) header.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(length, 2);
  return Buffer.concat([header, bytes]);
}

const close = (code: number, reason = ""): Buffer => {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code);
  payload.write(reason, 2, "latin1");
  return frame(payload, { opcode: OPCODES.close });
};

const HELLO = frame("hello");
const BYE = close(4000, "bye");
const { continuation, binary, ping, pong } = OPCODES;

/** One message precedes it, and none follows. */
const violation = (name: string, bytes: Buffer, closes = 1002): RawFrames => ({
  ...{ name, closes, messages: ["hello"] },
  bytes: Buffer.concat([HELLO, bytes, HELLO]),
});
const good = (name: string, bytes: Buffer, messages: readonly string[]): RawFrames => ({
  ...{ name, messages, closes: 4000 },
  bytes: Buffer.concat([bytes, BYE]),
});

export const rawFrames: readonly RawFrames[] = [
  good("a text and a close", HELLO, ["hello"]),
  good("an empty text, an empty binary", Buffer.concat([frame(""), frame("", { opcode: binary })]), ["", ""]),
  good("a length in more bytes than it needs", frame("hello", { lengthBytes: 8 }), ["hello"]),
  good(
    "fragments, one of them empty, with a ping between them",
    Buffer.concat([
      frame("hel", { fin: false }),
      frame("", { opcode: continuation, fin: false }),
      frame("?", { opcode: ping }),
      frame("lo", { opcode: continuation }),
    ]),
    ["hello"],
  ),
  good(
    "a character cut by fragments",
    Buffer.concat([frame("\xc3", { fin: false }), frame("\xa9", { opcode: continuation })]),
    ["é"],
  ),
  good("pongs that nobody asked for", Buffer.concat([frame("x", { opcode: pong }), HELLO]), ["hello"]),
  good(
    "a hundred pings",
    Buffer.concat([...Array.from({ length: 100 }, () => frame("?", { opcode: ping })), HELLO]),
    ["hello"],
  ),
  good("a text of 200 KiB", frame("x".repeat(200 * 1024)), ["x".repeat(200 * 1024)]),
  { name: "a close without a code", bytes: frame("", { opcode: 8 }), messages: [], closes: null },
  { name: "text behind a close", bytes: Buffer.concat([BYE, HELLO]), messages: [], closes: 4000 },
  { name: "two closes", bytes: Buffer.concat([BYE, close(4001)]), messages: [], closes: 4000 },
  { name: "no close at all", bytes: HELLO, messages: ["hello"], closes: 1011 },
  { name: "nothing", bytes: Buffer.alloc(0), messages: [], closes: 1011 },
  {
    name: "half a frame",
    bytes: Buffer.concat([HELLO, HELLO.subarray(0, 4)]),
    messages: ["hello"],
    closes: 1011,
  },
  {
    name: "half a header",
    bytes: Buffer.concat([HELLO, HELLO.subarray(0, 1)]),
    messages: ["hello"],
    closes: 1011,
  },
  ...[1, 2, 4, 7].map((reserved) => violation(`reserved bits ${reserved}`, frame("x", { reserved }))),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    violation(`opcode ${opcode}`, frame("x", { opcode })),
  ),
  violation("a masked frame", frame("x\0\0\0\0", { masked: true, length: 1n })),
  violation("a ping in fragments", frame("x", { opcode: ping, fin: false })),
  violation("a close in fragments", frame("", { opcode: 8, fin: false })),
  violation("a ping of 126 bytes", frame("x".repeat(126), { opcode: ping })),
  violation("a ping with a length of 64 bits", frame("x", { opcode: ping, lengthBytes: 8 })),
  violation("a continuation of nothing", frame("x", { opcode: continuation })),
  violation("a continuation of nothing, and more to come", frame("x", { opcode: continuation, fin: false })),
  violation("a message within a message", Buffer.concat([frame("x", { fin: false }), frame("y")])),
  violation("a text that is not UTF-8", frame("\xff\xfe"), 1007),
  violation("a text that ends within a character", frame("\xc3"), 1007),
  violation("a surrogate", frame("\xed\xa0\x80"), 1007),
  violation(
    "fragments that are not UTF-8",
    Buffer.concat([frame("\xc3", { fin: false }), frame("x", { opcode: continuation })]),
    1007,
  ),
  { ...violation("a length of 2^63", frame("x", { length: 2n ** 63n }), 1009), orCloses: 1002 },
  { ...violation("a length of 2^64 - 1", frame("x", { length: 2n ** 64n - 1n }), 1009), orCloses: 1002 },
  { ...violation("a length of 2^53", frame("x", { length: 2n ** 53n }), 1009), orCloses: 1002 },
  violation("a length of 1 GiB", frame("x", { length: 2n ** 30n }), 1009),
  violation("a close of one byte", frame("x", { opcode: 8 })),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) =>
    violation(`close code ${code}`, close(code)),
  ),
  violation("a close reason that is not UTF-8", close(1000, "\xff"), 1007),
];
