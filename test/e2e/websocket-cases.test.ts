import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import { OPCODE, rawFrame, RawWebSocket } from "../support/peers/raw-websocket.ts";
import { startSystem, type System } from "../support/system.ts";

/**
 * The cases of the Autobahn test suite under its numbers (sections 1 to 7, and 9 up to 1 MiB), because the suite itself
 * needs Python 2. A client sends frames byte by byte, valid and invalid, through the tunnel to an upstream that echoes.
 */
let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

const WAIT_MS = 30_000;
const { text, binary, continuation, close, ping, pong } = OPCODE;

type Message = readonly [opcode: number, payload: Buffer];
interface Case {
  id: string;
  sends: readonly Buffer[];
  /** The bytes are written in pieces of this size. */
  chopBytes?: number;
  /** The messages that come back, in order. Fragmented messages come back as one. */
  echoes?: readonly Message[];
  /** The last message that comes back, whatever came before it. */
  lastEcho?: Message;
  /**
   * How the connection is closed in answer. Null: without a code. "failed": with a code other than 1000, without a code, or
   * without a close frame. Absent: the test closes with 1000.
   */
  closes?: number | "failed" | null;
}

const filled = (length: number, byte = 0x2a) => Buffer.alloc(length, byte);
const utf8 = (value: string) => Buffer.from(value, "utf8");
const fragment = (opcode: number, payload: Buffer | string, fin = false) =>
  rawFrame(opcode, payload, { fin });
const closing = (code: number, reason: Buffer | string = "") => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return rawFrame(close, Buffer.concat([head, Buffer.from(reason)]));
};
/** One frame for each byte of a text. */
const octets = (bytes: Buffer) =>
  Array.from(bytes, (_, at) =>
    fragment(at === 0 ? text : continuation, bytes.subarray(at, at + 1), at === bytes.length - 1),
  );

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];
const HELLO_UTF8 = utf8("Hello-µ@ßöäüàá-UTF-8!!");

/** Sections 6.5 to 6.23: the bytes, and whether they are valid UTF-8. */
const TEXTS: readonly (readonly [id: string, hex: string, valid: boolean])[] = [
  ["6.5.1", "cebae1bdb9cf83cebcceb5", true],
  ["6.6.1 cut", "ce", false],
  ["6.6.3 cut", "cebae1", false],
  ["6.6.5", "cebae1bdb9", true],
  ["6.7.1", "00", true],
  ["6.7.2", "c280", true],
  ["6.7.3", "e0a080", true],
  ["6.7.4", "f0908080", true],
  ["6.8.1 five bytes", "f888808080", false],
  ["6.8.2 six bytes", "fc8480808080", false],
  ["6.9.1", "7f", true],
  ["6.9.2", "dfbf", true],
  ["6.9.3", "efbfbf", true],
  ["6.9.4", "f48fbfbf", true],
  ["6.10.1", "f7bfbfbf", false],
  ["6.10.2", "fbbfbfbfbf", false],
  ["6.10.3", "fdbfbfbfbfbf", false],
  ["6.11.1", "ed9fbf", true],
  ["6.11.2", "ee8080", true],
  ["6.11.3", "efbfbd", true],
  ["6.11.4", "f48fbfbf", true],
  ["6.11.5", "f4908080", false],
  ["6.12.1 lone continuation", "80", false],
  ["6.12.2", "bf", false],
  ["6.12.8", "808182838485868788898a8b8c8d8e8f", false],
  ["6.13.1 lone starts", "c020c120c220", false],
  ["6.13.3", "f020f120", false],
  ["6.14.1 too short", "c0", false],
  ["6.14.2", "e080", false],
  ["6.14.3", "f08080", false],
  ["6.14.6", "df", false],
  ["6.14.7", "efbf", false],
  ["6.16.1 impossible", "fe", false],
  ["6.16.2", "ff", false],
  ["6.17.1 overlong", "c0af", false],
  ["6.17.2", "e080af", false],
  ["6.17.3", "f08080af", false],
  ["6.18.1", "c1bf", false],
  ["6.18.2", "e09fbf", false],
  ["6.19.1 overlong zero", "c080", false],
  ["6.19.2", "e08080", false],
  ["6.20.1 surrogate", "eda080", false],
  ["6.20.3", "edadbf", false],
  ["6.20.7", "edbfbf", false],
  ["6.21.1 pair of surrogates", "eda080edb080", false],
  ["6.21.8", "edafbfedbfbf", false],
  ["6.22.1 not a character", "efbfbe", true],
  ["6.22.2", "efbfbf", true],
  ["6.22.3", "f09fbfbe", true],
  ["6.23.1 replacement", "efbfbd", true],
];

const CASES: readonly Case[] = [
  ...[text, binary].flatMap((opcode) => [
    ...SIZES.map((size, index) => ({
      id: `1.${opcode}.${index + 1}`,
      sends: [rawFrame(opcode, filled(size))],
      echoes: [[opcode, filled(size)]] as const,
    })),
    {
      id: `1.${opcode}.8`,
      sends: [rawFrame(opcode, filled(65_536))],
      chopBytes: 997,
      echoes: [[opcode, filled(65_536)]] as const,
    },
  ]),
  { id: "2.1", sends: [rawFrame(ping)], echoes: [[pong, filled(0)]] },
  { id: "2.2", sends: [rawFrame(ping, "Hello, world!")], echoes: [[pong, utf8("Hello, world!")]] },
  { id: "2.3", sends: [rawFrame(ping, filled(6, 0xfe))], echoes: [[pong, filled(6, 0xfe)]] },
  { id: "2.4", sends: [rawFrame(ping, filled(125))], echoes: [[pong, filled(125)]] },
  {
    id: "2.5, which the runtime takes",
    sends: [rawFrame(ping, filled(126))],
    echoes: [[pong, filled(126)]],
  },
  { id: "2.6", sends: [rawFrame(ping, filled(125))], chopBytes: 1, echoes: [[pong, filled(125)]] },
  { id: "2.7", sends: [rawFrame(pong), rawFrame(text, "on")], echoes: [[text, utf8("on")]] },
  { id: "2.8", sends: [rawFrame(pong, "unasked"), rawFrame(text, "on")], echoes: [[text, utf8("on")]] },
  {
    id: "2.9",
    sends: [rawFrame(pong, "unasked"), rawFrame(ping, "asked")],
    echoes: [[pong, utf8("asked")]],
  },
  // Of several pings in a row, only the last needs an answer (RFC 6455 §5.5.3).
  {
    id: "2.10",
    sends: Array.from({ length: 10 }, (_, index) => rawFrame(ping, `${index}`)),
    lastEcho: [pong, utf8("9")],
  },
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved) => ({
    id: `3.${reserved}`,
    sends: [rawFrame(text, "reserved bits", { reserved })],
    closes: "failed" as const,
  })),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    id: `4.${opcode < 8 ? 1 : 2}.${opcode}`,
    sends: [rawFrame(opcode, "reserved opcode")],
    closes: "failed" as const,
  })),
  { id: "5.1", sends: [fragment(ping, "one"), fragment(continuation, "two", true)], closes: "failed" },
  { id: "5.2", sends: [fragment(pong, "one"), fragment(continuation, "two", true)], closes: "failed" },
  {
    id: "5.3",
    sends: [fragment(text, "one "), fragment(continuation, "two", true)],
    echoes: [[text, utf8("one two")]],
  },
  {
    id: "5.5",
    sends: [fragment(text, "one "), fragment(continuation, "two", true)],
    chopBytes: 1,
    echoes: [[text, utf8("one two")]],
  },
  {
    id: "5.6",
    sends: [fragment(text, "one "), rawFrame(ping, "between"), fragment(continuation, "two", true)],
    echoes: [
      [pong, utf8("between")],
      [text, utf8("one two")],
    ],
  },
  ...([true, false] as const).flatMap((fin, index) => [
    {
      id: `5.${9 + 3 * index}`,
      sends: [fragment(continuation, "of nothing", fin)],
      closes: "failed" as const,
    },
    {
      id: `5.${10 + 3 * index}`,
      sends: [fragment(continuation, "of nothing", fin), rawFrame(text, "after it")],
      closes: "failed" as const,
    },
  ]),
  {
    id: "5.15",
    sends: [
      fragment(text, "one "),
      fragment(continuation, "two", true),
      fragment(continuation, "of nothing"),
      rawFrame(text, "after it"),
    ],
    closes: "failed",
  },
  { id: "5.18", sends: [fragment(text, "one "), fragment(text, "two", true)], closes: "failed" },
  {
    id: "5.19",
    sends: [
      fragment(text, "1 "),
      fragment(continuation, "2 "),
      rawFrame(ping, "a"),
      fragment(continuation, "3 "),
      fragment(continuation, "4 "),
      rawFrame(ping, "b"),
      fragment(continuation, "5", true),
    ],
    echoes: [
      [pong, utf8("a")],
      [pong, utf8("b")],
      [text, utf8("1 2 3 4 5")],
    ],
  },
  { id: "6.1.1", sends: [rawFrame(text)], echoes: [[text, filled(0)]] },
  {
    id: "6.1.2",
    sends: [fragment(text, ""), fragment(continuation, ""), fragment(continuation, "", true)],
    echoes: [[text, filled(0)]],
  },
  {
    id: "6.1.3",
    sends: [fragment(text, ""), fragment(continuation, "middle"), fragment(continuation, "", true)],
    echoes: [[text, utf8("middle")]],
  },
  { id: "6.2.1", sends: [rawFrame(text, HELLO_UTF8)], echoes: [[text, HELLO_UTF8]] },
  { id: "6.2.3", sends: octets(HELLO_UTF8), echoes: [[text, HELLO_UTF8]] },
  ...TEXTS.map(([id, hex, valid]): Case => {
    const bytes = Buffer.from(hex, "hex");
    // The runtime refuses no text. It replaces invalid UTF-8 with U+FFFD.
    return {
      id,
      sends: [rawFrame(text, bytes)],
      echoes: [[text, valid ? bytes : utf8(bytes.toString("utf8"))]],
    };
  }),
  // The close is passed on at once, so the echo of what was sent with it is lost.
  { id: "7.1.1", sends: [closing(1000)], closes: 1000 },
  { id: "7.1.2", sends: [closing(1000), closing(1000)], closes: 1000 },
  { id: "7.1.3", sends: [closing(1000), rawFrame(ping, "late")], closes: 1000 },
  { id: "7.1.4", sends: [closing(1000), rawFrame(text, "late")], closes: 1000 },
  {
    id: "7.1.5",
    sends: [fragment(text, "half"), closing(1000), fragment(continuation, "late", true)],
    closes: 1000,
  },
  // The runtime treats it as a close without a code, and it is passed on and comes back as such.
  { id: "7.3.2, which the runtime takes", sends: [rawFrame(close, filled(1))], closes: null },
  { id: "7.3.4", sends: [closing(1000, "Hello, world!")], closes: 1000 },
  { id: "7.3.5", sends: [closing(1000, filled(123))], closes: 1000 },
  // The runtime accepts it. What is passed on and comes back is cut to the allowed length.
  { id: "7.3.6", sends: [closing(1000, filled(124))], closes: 1000 },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => ({
    id: `7.7 ${code}`,
    sends: [closing(code)],
    closes: code,
  })),
  ...[0, 999, 1006, 1015, 5000, 65_535].map((code) => ({
    id: `7.9 ${code}`,
    sends: [closing(code)],
    closes: "failed" as const,
  })),
  ...[64, 256, 1024].flatMap((kib) =>
    [text, binary].map((opcode) => ({
      id: `9.${opcode} ${kib} KiB`,
      sends: [rawFrame(opcode, filled(kib * 1024))],
      echoes: [[opcode, filled(kib * 1024)]] as const,
    })),
  ),
  {
    id: "9.3 1 MiB in fragments of 4 KiB",
    sends: Array.from({ length: 256 }, (_, index) =>
      fragment(index === 0 ? text : continuation, filled(4096), index === 255),
    ),
    echoes: [[text, filled(1024 * 1024)]],
  },
];

/** The messages that came back, with fragments joined and without the close. */
function messages(socket: RawWebSocket): Message[] {
  const whole: [number, Buffer][] = [];
  let started: [number, Buffer] | null = null;
  for (const { opcode, fin, payload } of socket.frames) {
    if (opcode >= close) {
      if (opcode !== close) whole.push([opcode, payload]);
      continue;
    }
    started = started === null ? [opcode, payload] : [started[0], Buffer.concat([started[1], payload])];
    if (!fin) continue;
    whole.push(started);
    started = null;
  }
  return whole;
}

function isSame(came: Message | undefined, wanted: Message | undefined): boolean {
  return came !== undefined && wanted !== undefined && came[0] === wanted[0] && came[1].equals(wanted[1]);
}

describe.concurrent("through the tunnel, case", () => {
  it.each(CASES)("$id", async ({ sends, chopBytes, echoes = [], lastEcho, closes }) => {
    const url = `${system.gatewayUrl}/pass/TUNNEL/http://node-api/ws/echo`;
    const socket = RawWebSocket.dial(url);
    try {
      await eventually("the handshake", WAIT_MS, () => socket.isOpen);
      socket.send(Buffer.concat(sends), chopBytes);
      await eventually("the echoes", WAIT_MS, () => messages(socket).length >= echoes.length);
      if (lastEcho !== undefined) {
        await eventually("the last echo", WAIT_MS, () => isSame(messages(socket).at(-1), lastEcho));
      }
      if (closes === undefined) socket.send(closing(1000));
      await eventually("the close", WAIT_MS, () => socket.isClosing);
      const came = messages(socket);
      if (lastEcho === undefined) {
        expect(came.map(([opcode]) => opcode)).toEqual(echoes.map(([opcode]) => opcode));
        expect(came.every((message, index) => isSame(message, echoes[index]))).toBe(true);
      }
      if (closes === "failed") expect(socket.closeCode).not.toBe(1000);
      else expect(socket.closeCode).toBe(closes === undefined ? 1000 : closes);
    } finally {
      socket.destroy();
    }
  });
});
