import type { Dice } from "../../support/dice.ts";

const TYPE = {
  ...{ DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7 },
  ...{ WINDOW_UPDATE: 8, CONTINUATION: 9 },
};
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;

function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.byteLength, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), number(value)]);

/** A literal field of HPACK. */
function literal(name: string, value: string): Buffer {
  const text = (of: string) =>
    Buffer.concat([Buffer.from([Math.min(of.length, 126)]), Buffer.from(of.slice(0, 126), "latin1")]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** Indexed `:status` in RFC 7541's static table: 200, 204, 206, 304, 400, 404, 500. */
const STATUS = [0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e];

function fieldBlock(dice: Dice): Buffer {
  const fields: Buffer[] = [Buffer.from([STATUS[dice.below(STATUS.length)] ?? 0x88])];
  for (let count = dice.below(5); count > 0; count--) {
    fields.push(
      dice.pick<Buffer>(
        literal("content-length", dice.pick("5", "0", "5, 5", "-1", "99999999999999999999")),
        literal("x-name", "caf\xe9"),
        literal("X-Upper", "a"),
        literal("connection", "close"),
        literal("transfer-encoding", "chunked"),
        literal(":status", dice.pick("200", "103", "101", "700", "0", "abc", "")),
        literal(":path", "/"),
        literal("", "nothing"),
        literal("x-long", "y".repeat(126)),
        literal("x", "a\r\nb: c\0"),
        Buffer.from([0x80 | dice.below(128)]),
        Buffer.from([0x3f, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from(dice.bytes(dice.below(12))),
      ),
    );
  }
  return Buffer.concat(fields);
}

/** A preface that may be missing, then frames on streams that a client opens, and on others. */
export function http2Frames(dice: Dice): Buffer {
  const settings = Buffer.concat(
    Array.from({ length: dice.below(3) }, () =>
      setting(dice.below(10), dice.pick(0, 1, 100, 16_384, 65_535, 2 ** 31 - 1, 2 ** 32 - 1)),
    ),
  );
  const frames =
    dice.below(8) === 0 ? [] : [frame(TYPE.SETTINGS, 0, 0, settings), frame(TYPE.SETTINGS, ACK, 0)];
  for (let count = 1 + dice.below(12); count > 0; count--) frames.push(anyFrame(dice));
  return Buffer.concat(frames);
}

function anyFrame(dice: Dice): Buffer {
  const id = dice.pick(1, 1, 1, 1, 3, 5, 0, 2, 2 ** 31 - 1);
  const end = dice.pick(0, END_STREAM);
  const data = Buffer.from(dice.bytes(dice.pick(0, 1, 5, 5, 300)));
  return dice.pick<() => Buffer>(
    () => frame(TYPE.HEADERS, END_HEADERS | end, id, fieldBlock(dice)),
    () => frame(TYPE.HEADERS, END_HEADERS | end, id, fieldBlock(dice)),
    () => frame(TYPE.HEADERS, dice.below(256), id, fieldBlock(dice)),
    () => frame(TYPE.CONTINUATION, dice.pick(0, END_HEADERS), id, fieldBlock(dice)),
    () => frame(TYPE.DATA, end, id, data),
    () => frame(TYPE.DATA, end, id, data),
    () => frame(TYPE.DATA, dice.below(256), id, data),
    () => frame(TYPE.RST_STREAM, 0, id, number(dice.pick(0, 1, 2, 5, 7, 8, 11, 13, 2 ** 32 - 1))),
    () =>
      frame(
        TYPE.GOAWAY,
        0,
        dice.pick(0, 0, id),
        Buffer.concat([number(dice.pick(0, 1, 3, 2 ** 31 - 1)), number(dice.below(15)), data]),
      ),
    () => frame(TYPE.WINDOW_UPDATE, 0, dice.pick(0, id), number(dice.pick(0, 1, 65_535, 2 ** 31 - 1))),
    () => frame(TYPE.PING, dice.pick(0, ACK), 0, Buffer.from(dice.bytes(dice.pick(8, 8, 7)))),
    () =>
      frame(
        TYPE.SETTINGS,
        dice.pick(0, ACK),
        dice.pick(0, 0, id),
        setting(dice.below(10), dice.below(2 ** 31)),
      ),
    () => frame(TYPE.PUSH_PROMISE, END_HEADERS, id, Buffer.concat([number(2), fieldBlock(dice)])),
    () => frame(TYPE.PRIORITY, 0, id, Buffer.from(dice.bytes(5))),
    () => frame(dice.below(256), dice.below(256), id, data),
  )();
}
