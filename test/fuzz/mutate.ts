import { HEADER_BYTES } from "../../shared/protocol/frame.ts";
import type { Dice } from "../support/dice.ts";

/** A conversation with a few errors: messages lost, repeated, swapped, or changed inside. */
export function mutated(messages: readonly Uint8Array[], dice: Dice): Uint8Array[] {
  const said: Uint8Array[] = messages.map((message) => message.slice());
  for (let changes = 1 + dice.below(4); changes > 0; changes--) {
    // More often than not the handshake stays intact. Otherwise little else would be tested.
    const at = Math.min(dice.below(3) === 0 ? 0 : 1 + dice.below(said.length), said.length - 1);
    const message = said[at];
    if (message === undefined) continue;
    dice.pick<() => void>(
      () => void said.splice(at, 1),
      () => void said.splice(at, 0, message),
      () => void said.splice(at, 1, said[at + 1] ?? message, message),
      () => void said.splice(at, 1, message.subarray(0, dice.below(message.length))),
      () => void said.splice(at, 1, joined(message, said[dice.below(said.length)] ?? message)),
      () => void said.splice(at, 1, ...cutAtFrames(message)),
      () => changeByte(message, dice.below(message.length), dice),
      () => changeByte(message, dice.below(message.length), dice),
      () => changeByte(message, dice.below(Math.min(HEADER_BYTES + 4, message.length)), dice),
      () => changeHeader(message, dice),
      () => changeHeader(message, dice),
      () => repeatFrame(said, at, dice),
    )();
  }
  return said;
}

function changeByte(message: Uint8Array, at: number, dice: Dice): void {
  const before = message[at] ?? 0;
  message[at] = dice.pick(before ^ (1 << dice.below(8)), dice.below(256), 0, 255);
}

/** Changes type, flags or stream of one frame, but not its length. */
function changeHeader(message: Uint8Array, dice: Dice): void {
  const starts = frameStarts(message);
  const start = starts[dice.below(starts.length)] ?? 0;
  const field = dice.pick(3, 4, 8, 8);
  message[start + field] = dice.pick(dice.below(256), dice.below(0x18), (message[start + field] ?? 0) + 2);
}

/** Repeats one message many times. */
function repeatFrame(said: Uint8Array[], at: number, dice: Dice): void {
  const message = said[at];
  if (message !== undefined) said.splice(at, 0, ...Array.from({ length: dice.below(300) }, () => message));
}

function cutAtFrames(message: Uint8Array): Uint8Array[] {
  const starts = frameStarts(message);
  return starts.map((start, index) => message.subarray(start, starts[index + 1] ?? message.length));
}

function frameStarts(message: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at + HEADER_BYTES <= message.length;) {
    starts.push(at);
    at += HEADER_BYTES + (message[at] ?? 0) * 65_536 + (message[at + 1] ?? 0) * 256 + (message[at + 2] ?? 0);
  }
  return starts;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
