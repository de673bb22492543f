import { rawFrames } from "../../conformance/raw/frames.ts";
import { responses } from "../../conformance/raw/responses.ts";
import type { Dice } from "../../support/dice.ts";
import { http2Frames } from "./http2-frames.ts";

/** The maximum number of changes in one answer. */
const MAX_CHANGES = 6;
const MAX_LENGTH = 64 * 1024;
const ODD_BYTES = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0",
  "f",
  "-",
  "\xff",
  "\x80",
  "\r\n\r\n",
  "chunked",
];

const NOTHING = Buffer.alloc(0);

const oneOf = <T>(items: readonly T[], dice: Dice): T | undefined => items[dice.below(items.length)];

/** The fields of a 101. With dice, lines are lost, repeated, or mixed with others. */
function upgradeFields(accept: string, dice: Dice | null): string[] {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: upgrade",
    `sec-websocket-accept: ${accept}`,
  ];
  for (let changes = dice === null ? 0 : 1 + dice.below(3); dice !== null && changes > 0; changes--) {
    const at = 1 + dice.below(lines.length);
    dice.pick<() => void>(
      () => void lines.splice(at, 1),
      () => void lines.splice(at, 1),
      () => void lines.splice(at, 0, lines[at] ?? "x: y"),
      () =>
        void lines.splice(
          at,
          0,
          dice.pick("content-length: 5", "transfer-encoding: chunked", "connection: close"),
        ),
      () =>
        void lines.splice(
          0,
          1,
          dice.pick("HTTP/1.0 101 x", "HTTP/1.1 200 OK", "HTTP/1.1 100 x", "HTTP/1.1 101"),
        ),
    )();
  }
  return lines;
}

/** What an upstream sends for an HTTP/1.1 request. `accept` is the value for a WebSocket's key, if there is one. */
export function http1Answer(accept: string | null, dice: Dice): Buffer {
  if (accept !== null && dice.below(4) > 0) {
    const said = Array.from({ length: 1 + dice.below(3) }, () => oneOf(rawFrames, dice)?.bytes ?? NOTHING);
    const frames = changed(Buffer.concat(said), dice);
    // More often than not the handshake stays intact. Otherwise the frames would never be read.
    const fields = upgradeFields(accept, dice.below(3) === 0 ? dice : null);
    return Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n\r\n`), frames]);
  }
  const texts = Array.from(
    { length: 1 + dice.below(2) },
    () => oneOf(responses, dice)?.bytes.slice(0, MAX_LENGTH) ?? "",
  );
  return changed(Buffer.from(texts.join(""), "latin1"), dice);
}

/** What an HTTP/2 server sends from the start: valid frames in an order that may be invalid, with bytes changed. */
export function http2Answer(dice: Dice): Buffer {
  const frames = http2Frames(dice);
  return dice.below(2) === 0 ? frames : changed(frames, dice);
}

/** Changes, drops, repeats or overwrites a few places, with bytes that matter to parsers. */
export function changed(bytes: Buffer, dice: Dice): Buffer {
  let now = bytes;
  for (let changes = dice.below(MAX_CHANGES); changes > 0; changes--) {
    const at = dice.below(now.byteLength + 1);
    const end = Math.min(now.byteLength, at + dice.pick(0, 1, 2, dice.below(100)));
    const piece = now.subarray(at, end);
    const inserted = dice.pick<Buffer>(
      Buffer.alloc(0),
      Buffer.from(oneOf(ODD_BYTES, dice) ?? "", "latin1"),
      Buffer.from(dice.bytes(1 + dice.below(9))),
      Buffer.concat([piece, piece]),
      Buffer.from(piece.map((byte) => byte ^ (1 << dice.below(8)))),
      now.subarray(dice.below(now.byteLength + 1)).subarray(0, 200),
    );
    now = Buffer.concat([now.subarray(0, at), inserted, now.subarray(end)]);
  }
  return now;
}
